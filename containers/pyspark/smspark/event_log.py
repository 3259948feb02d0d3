"""The event log in an output folder that is uploaded while Spark still writes."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

IN_PROGRESS = ".inprogress"
PUBLISH_SECONDS = 5.0


class EventLog:
    """
    Spark writes into `source`, and `target` grows with it, under the name that the log has in the end and by whole lines: a
    history server reads it at any moment. Spark itself renames the file at the end; an upload that had begun would leave both
    names in S3, and the history server would show an application that never ends.
    """

    def __init__(self, source: Path, target: Path) -> None:
        source.mkdir(parents=True, exist_ok=True)
        target.mkdir(parents=True, exist_ok=True)
        self._source = source
        self._target = target
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        publish(self._source, self._target, at_end=True)

    def _run(self) -> None:
        while not self._closing.wait(PUBLISH_SECONDS):
            publish(self._source, self._target, at_end=False)


def publish(source: Path, target: Path, *, at_end: bool) -> None:
    for entry in source.iterdir():
        name = entry.name.removesuffix(IN_PROGRESS)
        if entry.is_dir():
            # A rolling log is a folder, with files that say by their names how far it is.
            if at_end:
                shutil.copytree(entry, target / entry.name, dirs_exist_ok=True)
        elif "." in name:
            # A compressed log cannot be cut at a line.
            if at_end:
                shutil.copyfile(entry, target / name)
        else:
            append_lines(entry, target / name)


def append_lines(source: Path, target: Path) -> None:
    """Appends the whole lines that `target` does not have yet."""
    try:
        with source.open("rb") as reader:
            reader.seek(target.stat().st_size if target.exists() else 0)
            fresh = reader.read()
    except FileNotFoundError:
        return  # It was renamed since it was listed; the next round finds it.
    with target.open("ab") as writer:
        writer.write(fresh[: fresh.rfind(b"\n") + 1])
