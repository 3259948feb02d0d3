"""Why an application failed, in the words that a person wants to read first."""

from __future__ import annotations

import re
from pathlib import Path

MESSAGE = Path("/opt/ml/output/message")
# SageMaker keeps the first KiB.
MESSAGE_BYTES = 1024

LOG_LINE = re.compile(r"^\d\d/\d\d/\d\d \d\d:\d\d:\d\d [A-Z]+ ")
# Java's stack frames: "\tat org.apache.spark.Thing.run(Thing.scala:3)", which Python's side of Spark writes without "at".
NOISE = re.compile(r"^(\s*(at )?[\w.$/]+\((\S+\.(java|scala)(:\d+)?|Native Method|Unknown Source)\)|\s*\.\.\. \d+ more|\s*)$")


def reason(stderr: str) -> str:
    """
    The end of what the program said on stderr, without log lines and Java's stack frames: of a traceback its first line and
    as many of its last lines as fit.
    """
    lines = [line for line in stderr.splitlines() if not LOG_LINE.match(line) and not NOISE.match(line)]
    starts = [at for at, line in enumerate(lines) if line.startswith(("Traceback (most", "Exception in thread"))]
    said = lines[starts[-1] :] if starts else lines[-20:]
    return shorten(said)


def shorten(lines: list[str]) -> str:
    """Leaves out lines after the first until the rest fits; the last lines say most."""
    text = "\n".join(lines)
    if len(text.encode()) <= MESSAGE_BYTES:
        return text
    for start in range(max(2, len(lines) - MESSAGE_BYTES), len(lines)):
        text = "\n".join([lines[0], "…", *lines[start:]])
        if len(text.encode()) <= MESSAGE_BYTES:
            return text
    # The last line alone is too long: its beginning names the error.
    return lines[-1].encode()[:MESSAGE_BYTES].decode(errors="ignore")


def write_message(text: str, file: Path = MESSAGE) -> None:
    """The program's own message stays."""
    if text == "" or not file.parent.is_dir() or (file.exists() and file.stat().st_size > 0):
        return
    file.write_text(text)
