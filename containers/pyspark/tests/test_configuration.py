import json
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from smspark.configuration import (
    Configuration,
    ConfigurationError,
    expand,
    parse_configuration,
    properties_file,
    read_configuration,
    write_configuration,
)


class Parse(unittest.TestCase):
    def test_one_classification_or_a_list(self):
        one = {"Classification": "spark-defaults", "Properties": {"spark.executor.memory": "2g", "spark.speculation": True}}
        expected = {"spark.executor.memory": "2g", "spark.speculation": "true"}
        self.assertEqual(parse_configuration(one).properties["spark-defaults"], expected)
        self.assertEqual(parse_configuration([one]).properties["spark-defaults"], expected)

    def test_exports(self):
        configuration = parse_configuration(
            {
                "Classification": "spark-env",
                "Properties": {},
                "Configurations": [{"Classification": "export", "Properties": {"A": "1", "PATH": "$PATH:/x:${A}"}}],
            }
        )
        self.assertEqual(expand(configuration.environment, {"PATH": "/bin"}), {"A": "1", "PATH": "/bin:/x:1"})

    def test_what_has_no_effect_is_said(self):
        self.assertEqual(parse_configuration({"Classification": "yarn-site"}).without_effect, ["yarn-site"])

    def test_what_is_wrong_is_named(self):
        for value, message in (
            ({"Classification": "sparks"}, '"sparks" is no known classification'),
            ([1], "1: expected an object"),
            ({"Classification": "core-site", "Properties": []}, r"core-site: Properties is \[\]"),
            ({"Classification": "spark-env", "Configurations": [{"Classification": "x"}]}, 'spark-env: has "x"'),
        ):
            with self.subTest(value), self.assertRaisesRegex(ConfigurationError, message):
                parse_configuration(value)

    def test_a_file_that_is_no_json_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "configuration.json")
            file.write_text("{")
            with self.assertRaisesRegex(ConfigurationError, "configuration.json: Expecting"):
                read_configuration(file)
            file.write_text(json.dumps([]))
            self.assertEqual(read_configuration(file), Configuration())


class Write(unittest.TestCase):
    def test_the_users_properties_win(self):
        configuration = parse_configuration(
            [
                {"Classification": "spark-defaults", "Properties": {"spark.a": "user"}},
                {"Classification": "core-site", "Properties": {"fs.x": "<&>"}},
                {"Classification": "spark-log4j", "Properties": {"rootLogger.level": "info"}},
                {"Classification": "spark-hive-site", "Properties": {"hive.x": "1"}},
            ]
        )
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "conf")
            write_configuration(
                folder, configuration, spark_defaults={"spark.a": "ours", "spark.b": "ours"}, core_site={"fs.y": "2"}
            )
            self.assertEqual((folder / "spark-defaults.conf").read_text(), "spark.a=user\nspark.b=ours\n")
            site = xml.etree.ElementTree.parse(folder / "core-site.xml")
            values = {one.findtext("name"): one.findtext("value") for one in site.iter("property")}
            self.assertEqual(values, {"fs.y": "2", "fs.x": "<&>"})
            self.assertIn("rootLogger.level=info\n", (folder / "log4j2.properties").read_text())
            self.assertTrue((folder / "hive-site.xml").exists())
            self.assertFalse((folder / "metrics.properties").exists())

    def test_escapes_of_properties(self):
        self.assertEqual(properties_file({"a b": "c:\\d\ne"}), "a\\ b=c:\\\\d\\ne\n")
