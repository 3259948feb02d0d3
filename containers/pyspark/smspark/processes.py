"""Child processes: each has a thread that waits for it and reports its end to one queue."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, Mapping, Sequence

TAIL_BYTES = 64 * 1024


@dataclass(frozen=True)
class Ended:
    name: str
    exit_code: int


@dataclass(frozen=True)
class Signalled:
    number: int


def exit_code_of(returned: int) -> int:
    """As a shell says it: a signal counts as 128 + n."""
    return returned if returned >= 0 else 128 - returned


class Child:
    """A process that is in `events` by `name` when it ends. With `keep_tail` its output passes through, and its end is kept."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        events: queue.SimpleQueue,
        *,
        keep_tail: bool = False,
    ) -> None:
        self.name = name
        self._tail = bytearray()
        self._lock = threading.Lock()
        pipe = subprocess.PIPE if keep_tail else None
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        pumps = [
            threading.Thread(target=self._pump, args=(stream, to), daemon=True)
            for stream, to in ((self._process.stdout, 1), (self._process.stderr, 2))
            if stream is not None
        ]
        for pump in pumps:
            pump.start()
        threading.Thread(target=self._wait, args=(events, pumps), daemon=True).start()

    @property
    def tail(self) -> str:
        with self._lock:
            return self._tail.decode(errors="replace")

    def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL to what still runs after `seconds`."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pump(self, stream: IO[bytes], to: int) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            with self._lock:
                self._tail += chunk
                del self._tail[:-TAIL_BYTES]
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(to, rest) :]

    def _wait(self, events: queue.SimpleQueue, pumps: Sequence[threading.Thread]) -> None:
        code = self._process.wait()
        # Something that the program left behind may keep its output open.
        for pump in pumps:
            pump.join(timeout=2)
        events.put(Ended(self.name, exit_code_of(code)))


def report_signals(events: queue.SimpleQueue) -> None:
    """The queue is a SimpleQueue, since a handler may put into it whatever the main thread does at the moment."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: events.put(Signalled(received)))
