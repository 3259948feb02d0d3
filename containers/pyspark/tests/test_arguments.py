import tempfile
import unittest
import zipfile
from pathlib import Path

from smspark.arguments import MissingFile, parse_arguments, submit_words


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.app = self.put("code/app.py")

    def put(self, name: str, content: str = "") -> str:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return str(file)

    def words(self, *words: str) -> list[str]:
        return submit_words(parse_arguments(words), self.folder / "temporary")

    def test_all_after_the_application_is_the_applications(self):
        self.assertEqual(self.words(self.app, "--class", "x", "-v"), [self.app, "--class", "x", "-v"])

    def test_a_folder_of_the_sdk_becomes_its_files_beside_s3_uris(self):
        one, two = self.put("jars/one.jar"), self.put("jars/deep/two.jar")
        self.put("jars/readme.txt")
        words = self.words("--class", "a.Main", "--jars", f"s3://b/three.jar,{self.folder}/jars", self.app)
        self.assertEqual(words[:2], ["--class", "a.Main"])
        self.assertEqual(words[2], "--jars")
        self.assertEqual(set(words[3].split(",")), {"s3://b/three.jar", one, two})

    def test_a_package_becomes_an_archive_that_python_can_import(self):
        module = self.put("py-files/module.py")
        self.put("py-files/birds/__init__.py", "NAME = 'owl'")
        words = self.words("--py-files", f"{self.folder}/py-files", self.app)
        archive, plain = words[1].split(",")
        self.assertEqual(plain, module)
        self.assertIn("birds/__init__.py", zipfile.ZipFile(archive).namelist())

    def test_files_within_folders(self):
        file = self.put("files/deep/table.csv")
        self.assertEqual(self.words("--files", f"{self.folder}/files", self.app)[:2], ["--files", file])

    def test_what_is_not_there_is_named(self):
        with self.assertRaisesRegex(MissingFile, "--jars: there is no /nowhere.jar"):
            self.words("--jars", "/nowhere.jar", self.app)
        with self.assertRaisesRegex(MissingFile, "there is no application /app.py"):
            self.words("/app.py")
        with self.assertRaisesRegex(MissingFile, "--jars: the folder .*/code holds nothing that it takes"):
            self.words("--jars", f"{self.folder}/code", self.app)

    def test_properties(self):
        words = self.words("--conf", "spark.a=1", "--conf", "spark.b=x=y", "s3://b/app.py")
        self.assertEqual(words, ["--conf", "spark.a=1", "--conf", "spark.b=x=y", "s3://b/app.py"])


if __name__ == "__main__":
    unittest.main()
