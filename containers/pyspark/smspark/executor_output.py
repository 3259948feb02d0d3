"""What the executors of this instance print, for the instance's own log: Spark keeps it in files of the worker's folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

POLL_SECONDS = 0.5
# Above its output the worker writes the executor's command, and a line of these.
RULE = b"=" * 40 + b"\n\n"
READ_BYTES = 1 << 20


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
        self._pass_on(at_end=True)

    def _run(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            self._pass_on(at_end=False)

    def _pass_on(self, *, at_end: bool) -> None:
        for name, to in (("stdout", 1), ("stderr", 2)):
            for file in sorted(self._folder.glob(f"*/*/{name}")):
                while fresh := self._fresh(file, has_head=name == "stderr", at_end=at_end):
                    while fresh:
                        fresh = fresh[os.write(to, fresh) :]

    def _fresh(self, file: Path, *, has_head: bool, at_end: bool) -> bytes:
        """Whole lines, so that those of several files do not mix; all there is at the end or where a line is very long."""
        start = self._read.get(file, 0)
        with file.open("rb") as reader:
            if start == 0 and has_head:
                rule = reader.read(1 << 20).find(RULE)
                if rule < 0:
                    return b""  # The command is not written whole.
                start = rule + len(RULE)
            reader.seek(start)
            fresh = reader.read(READ_BYTES)
        if not at_end and len(fresh) < READ_BYTES:
            fresh = fresh[: fresh.rfind(b"\n") + 1]
        self._read[file] = start + len(fresh)
        return fresh
