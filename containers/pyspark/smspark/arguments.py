"""The command line of smspark-submit, and what of it spark-submit needs in another form."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence


@dataclass(frozen=True)
class Arguments:
    app: str
    app_arguments: tuple[str, ...]
    main_class: str | None
    jars: tuple[str, ...]
    py_files: tuple[str, ...]
    files: tuple[str, ...]
    conf: tuple[str, ...]
    event_logs_folder: str | None
    event_logs_s3_uri: str | None
    verbose: bool


def split(value: str) -> tuple[str, ...]:
    return tuple(part for part in value.split(",") if part)


def parse_arguments(words: Sequence[str]) -> Arguments:
    """Options come before the application; all that follows it is the application's own."""
    parser = argparse.ArgumentParser(
        prog="smspark-submit",
        description="Runs a Spark application on all instances of a processing job.",
        allow_abbrev=False,
    )
    parser.add_argument("--class", dest="main_class", metavar="CLASS", help="main class of an application in a jar")
    parser.add_argument("--jars", type=split, default=(), help="jars or folders of jars, separated by commas")
    parser.add_argument("--py-files", type=split, default=(), help=".py, .zip, .egg or folders of them")
    parser.add_argument("--files", type=split, default=(), help="files or folders of files for every executor")
    parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="a property of Spark")
    parser.add_argument("--local-spark-event-logs-dir", metavar="FOLDER", help="folder for the event log")
    parser.add_argument("--spark-event-logs-s3-uri", metavar="S3_URI", help="prefix for the event log")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what spark-submit was given")
    parser.add_argument("app", help="the application: a .py or .jar file, or its s3:// URI")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the application's own")
    given = parser.parse_args(words)
    return Arguments(
        app=given.app,
        app_arguments=tuple(given.arguments),
        main_class=given.main_class,
        jars=given.jars,
        py_files=given.py_files,
        files=given.files,
        conf=tuple(given.conf),
        event_logs_folder=given.local_spark_event_logs_dir,
        event_logs_s3_uri=given.spark_event_logs_s3_uri,
        verbose=given.verbose,
    )


def is_remote(path: str) -> bool:
    return "://" in path


class MissingFile(Exception):
    pass


def expand(paths: Sequence[str], option: str, entries: Callable[[Path], list[Path]]) -> list[str]:
    """The SageMaker SDK gives a folder, the input that holds all local files; spark-submit wants every file by name."""
    result: list[str] = []
    for path in paths:
        local = Path(path)
        if is_remote(path):
            result.append(path)
        elif local.is_dir():
            found = entries(local)
            if not found:
                raise MissingFile(f"{option}: the folder {path} holds nothing that it takes")
            result.extend(str(file) for file in found)
        elif local.is_file():
            result.append(path)
        else:
            raise MissingFile(f"{option}: there is no {path}")
    return result


def jars_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jar"))


def files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def python_files_in(temporary: Path) -> Callable[[Path], list[Path]]:
    """Modules and archives as they are; a folder within is a package and becomes an archive: Spark takes no folders."""

    def entries(folder: Path) -> list[Path]:
        result: list[Path] = []
        for entry in sorted(folder.iterdir()):
            if entry.is_file() and entry.suffix in (".py", ".zip", ".egg", ".whl"):
                result.append(entry)
            elif entry.is_dir() and any(entry.rglob("*.py")):
                archive = temporary / "py-files" / entry.name
                archive.parent.mkdir(parents=True, exist_ok=True)
                result.append(Path(shutil.make_archive(str(archive), "zip", folder, entry.name)))
        return result

    return entries


def submit_words(arguments: Arguments, temporary: Path) -> list[str]:
    """The words of spark-submit, but for what stands in its configuration."""
    words: list[str] = []
    if arguments.main_class is not None:
        words += ["--class", arguments.main_class]
    lists = (
        ("--jars", arguments.jars, jars_in),
        ("--py-files", arguments.py_files, python_files_in(temporary)),
        ("--files", arguments.files, files_in),
    )
    for option, paths, entries in lists:
        if paths:
            words += [option, ",".join(expand(paths, option, entries))]
    for setting in arguments.conf:
        words += ["--conf", setting]
    if arguments.verbose:
        words.append("--verbose")
    if not is_remote(arguments.app) and not Path(arguments.app).is_file():
        raise MissingFile(f"there is no application {arguments.app}")
    return [*words, arguments.app, *arguments.app_arguments]
