"""What the executors of this instance print, for the instance's own log: Spark keeps it in files of the worker's folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

POLL_SECONDS = 0.5
# Above its output the worker writes the executor's command, and a line of these.
RULE = b"=" * 40 + b"\n\n"


class ExecutorOutput:
    """Follows `folder`/APPLICATION/EXECUTOR/{stdout,stderr}."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Passes on what is there and ends."""
        self._closing.set()
        self._thread.join()
        self._pass_on()

    def _run(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            self._pass_on()

    def _pass_on(self) -> None:
        for name, to in (("stdout", 1), ("stderr", 2)):
            for file in sorted(self._folder.glob(f"*/*/{name}")):
                fresh = self._fresh(file, whole=name == "stdout")
                while fresh:
                    fresh = fresh[os.write(to, fresh) :]

    def _fresh(self, file: Path, *, whole: bool) -> bytes:
        start = self._read.get(file)
        with file.open("rb") as reader:
            if start is None and not whole:
                head = reader.read(1 << 20)
                rule = head.find(RULE)
                if rule < 0:
                    return b""  # The command is not written whole.
                start = rule + len(RULE)
            reader.seek(start or 0)
            fresh = reader.read()
        self._read[file] = (start or 0) + len(fresh)
        return fresh
