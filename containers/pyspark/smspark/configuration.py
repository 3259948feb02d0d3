"""
The user's configuration in EMR's form, as PySparkProcessor.run(configuration=…) sends it, turned into Spark's and Hadoop's own
files. https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping
from xml.sax.saxutils import escape

CONFIGURATION = Path("/opt/ml/processing/input/conf/configuration.json")

ENVIRONMENTS = ("spark-env", "hadoop-env", "hive-env", "yarn-env")
PROPERTIES = ("spark-defaults", "core-site", "hive-site", "spark-hive-site", "spark-log4j", "spark-metrics")
# What is configured there does not run here: Spark's own cluster manager stands in for YARN, and log4j is Spark's alone.
WITHOUT_EFFECT = ("yarn-site", "hadoop-log4j", "hive-log4j", "hive-exec-log4j")


class ConfigurationError(Exception):
    pass


@dataclass
class Configuration:
    """Properties by classification, and the variables of all classifications that export some."""

    properties: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in PROPERTIES})
    environment: dict[str, str] = field(default_factory=dict)
    without_effect: list[str] = field(default_factory=list)


def parse_configuration(value: Any) -> Configuration:
    """`value` is one classification or a list of them; later ones win."""
    result = Configuration()
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict) or not isinstance(item.get("Classification"), str):
            raise ConfigurationError(f"{json.dumps(item)}: expected an object with Classification and Properties")
        name = item["Classification"]
        if name in ENVIRONMENTS:
            for nested in item.get("Configurations", []):
                if nested.get("Classification") != "export":
                    raise ConfigurationError(f'{name}: has "{nested.get("Classification")}", expected "export"')
                result.environment.update(strings(nested, f"{name}.export"))
        elif name in PROPERTIES:
            result.properties[name].update(strings(item, name))
        elif name in WITHOUT_EFFECT:
            result.without_effect.append(name)
        else:
            known = ", ".join([*PROPERTIES, *ENVIRONMENTS, *WITHOUT_EFFECT])
            raise ConfigurationError(f'"{name}" is no known classification; known are {known}')
    return result


def strings(item: Mapping[str, Any], name: str) -> dict[str, str]:
    properties = item.get("Properties", {})
    if not isinstance(properties, dict):
        raise ConfigurationError(f"{name}: Properties is {json.dumps(properties)}, expected an object")
    return {key: text(value) for key, value in properties.items()}


def text(value: Any) -> str:
    """Spark spells booleans as JSON does."""
    return value if isinstance(value, str) else json.dumps(value)


def read_configuration(file: Path = CONFIGURATION) -> Configuration:
    if not file.exists():
        return Configuration()
    try:
        return parse_configuration(json.loads(file.read_text()))
    except (ValueError, ConfigurationError) as error:
        raise ConfigurationError(f"{file}: {error}") from error


VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def expand(environment: Mapping[str, str], around: Mapping[str, str]) -> dict[str, str]:
    """EMR's exports are lines of a shell file: $NAME in them is the value from around, or of an earlier line."""
    result: dict[str, str] = {}
    for name, value in environment.items():
        known = {**around, **result}
        result[name] = VARIABLE.sub(lambda found: known.get(found[1] or found[2], ""), value)
    return result


LOG4J = {
    "rootLogger.level": "warn",
    "rootLogger.appenderRef.stderr.ref": "stderr",
    "appender.console.type": "Console",
    "appender.console.name": "stderr",
    "appender.console.target": "SYSTEM_ERR",
    "appender.console.layout.type": "PatternLayout",
    "appender.console.layout.pattern": "%d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex",
    # What every application says at its end: workers stop executors by a signal.
    "appender.console.filter.end.type": "RegexFilter",
    "appender.console.filter.end.regex": ".*(RECEIVED SIGNAL TERM|Got status update for unknown executor).*",
    "appender.console.filter.end.onMatch": "DENY",
    "appender.console.filter.end.onMismatch": "NEUTRAL",
    # What they say at every start: no native Hadoop library, no metrics, no network card in an isolated job.
    "logger.native.name": "org.apache.hadoop.util.NativeCodeLoader",
    "logger.native.level": "error",
    "logger.metrics.name": "org.apache.hadoop.metrics2",
    "logger.metrics.level": "error",
    "logger.mac.name": "io.netty.util.internal.MacAddressUtil",
    "logger.mac.level": "error",
}


def properties_file(properties: Mapping[str, str]) -> str:
    """Java's .properties: a backslash and a line's end are escaped, and keys end at the first space, "=" or ":"."""

    def escaped(part: str) -> str:
        return part.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")

    def key(part: str) -> str:
        return escaped(part).replace(" ", "\\ ").replace("=", "\\=").replace(":", "\\:")

    return "".join(f"{key(name)}={escaped(value)}\n" for name, value in properties.items())


def site_file(properties: Mapping[str, str]) -> str:
    rows = "".join(
        f"  <property><name>{escape(name)}</name><value>{escape(value)}</value></property>\n"
        for name, value in properties.items()
    )
    return f'<?xml version="1.0"?>\n<configuration>\n{rows}</configuration>\n'


def write_configuration(
    folder: Path,
    configuration: Configuration,
    *,
    spark_defaults: Mapping[str, str],
    core_site: Mapping[str, str],
) -> None:
    """Writes a folder for SPARK_CONF_DIR and HADOOP_CONF_DIR; the user's properties win over the given ones."""
    folder.mkdir(parents=True, exist_ok=True)
    user = configuration.properties
    files = {
        "spark-defaults.conf": properties_file({**spark_defaults, **user["spark-defaults"]}),
        "core-site.xml": site_file({**core_site, **user["core-site"]}),
        "log4j2.properties": properties_file({**LOG4J, **user["spark-log4j"]}),
    }
    hive = {**user["hive-site"], **user["spark-hive-site"]}
    if hive:
        files["hive-site.xml"] = site_file(hive)
    if user["spark-metrics"]:
        files["metrics.properties"] = properties_file(user["spark-metrics"])
    for name, content in files.items():
        (folder / name).write_text(content)
