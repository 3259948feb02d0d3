"""
How the instances of a job know of each other: every follower holds a connection to the leader for as long as both live. The
leader says on it how the application ended, and each side sees at once when the other is gone. One JSON object a line:

    follower → leader   {"host": "algo-2"}, then {} every few seconds
    leader → follower   {} every few seconds, at last {"exit_code": 0}
"""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Callable, Sequence

PORT = 7177
BEAT_SECONDS = 5.0
# A host that vanishes without closing its connections is given up after this long.
SILENCE_SECONDS = 60.0
JOIN_SECONDS = 300.0


class LifelineBroken(Exception):
    pass


def send(connection: socket.socket, message: dict[str, object]) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


class Leader:
    """The leader's end. `on_lost` is called with the name of a follower whose connection ended before the application did."""

    def __init__(self, address: str, followers: Sequence[str], on_lost: Callable[[str], None], port: int = PORT) -> None:
        self._expected = frozenset(followers)
        self._on_lost = on_lost
        self._connections: dict[str, socket.socket] = {}
        self._changed = threading.Condition()
        self._over = False
        self._listener = socket.create_server((address, port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def missing(self, *, seconds: float) -> frozenset[str]:
        """The followers that have not joined; waits for them for as long as it is told."""
        with self._changed:
            self._changed.wait_for(lambda: self._expected <= self._connections.keys(), seconds)
            return self._expected - self._connections.keys()

    def expect_losses(self) -> None:
        """All instances were told to stop: that a follower does is no news."""
        self._on_lost = lambda _: None

    def finish(self, exit_code: int, seconds: float = 10.0) -> None:
        """Tells all followers, and waits until they have closed their ends, so that nobody takes the end for a loss."""
        with self._changed:
            self._over = True
            connections = list(self._connections.values())
        for connection in connections:
            try:
                send(connection, {"exit_code": exit_code})
            except OSError:
                continue  # It is gone, and `on_lost` was told.
        with self._changed:
            self._changed.wait_for(lambda: not self._connections, seconds)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(SILENCE_SECONDS)
        host = None
        try:
            with connection, connection.makefile("rb") as lines:
                first = json.loads(lines.readline(1024) or b"{}")
                if first.get("host") not in self._expected:
                    return
                host = first["host"]
                with self._changed:
                    self._connections[host] = connection
                    self._changed.notify_all()
                while lines.readline(1024):
                    pass
        except (OSError, ValueError):
            pass  # A connection that broke is one that ended.
        finally:
            if host is not None:
                with self._changed:
                    self._connections.pop(host, None)
                    self._changed.notify_all()
                    lost = not self._over
                if lost:
                    self._on_lost(host)

    def _beat(self) -> None:
        while not self._over:
            with self._changed:
                connections = list(self._connections.values())
            for connection in connections:
                try:
                    send(connection, {})
                except OSError:
                    continue  # Its own thread sees it end.
            time.sleep(BEAT_SECONDS)


class Follower:
    """A follower's end."""

    def __init__(self, leader: str, host: str, *, port: int = PORT, seconds: float = JOIN_SECONDS) -> None:
        self._connection = self._connect(leader, port, seconds)
        self._connection.settimeout(SILENCE_SECONDS)
        send(self._connection, {"host": host})

    @staticmethod
    def _connect(leader: str, port: int, seconds: float) -> socket.socket:
        """The leader may start later, and its name may not be known before it does."""
        give_up = time.monotonic() + seconds
        while True:
            try:
                return socket.create_connection((leader, port), timeout=5)
            except OSError as error:
                if time.monotonic() > give_up:
                    raise LifelineBroken(f"{leader} did not answer within {seconds:.0f} s: {error}") from error
                time.sleep(0.2)

    def wait_for_end(self) -> int:
        """The exit code of the application. @throws LifelineBroken when the leader ends without a word of it"""
        threading.Thread(target=self._beat, daemon=True).start()
        try:
            with self._connection.makefile("rb") as lines:
                for line in lines:
                    message = json.loads(line)
                    if "exit_code" in message:
                        return int(message["exit_code"])
        except OSError as error:
            raise LifelineBroken(f"the leader is gone: {error}") from error
        raise LifelineBroken("the leader ended before the application did")

    def close(self) -> None:
        self._connection.close()

    def _beat(self) -> None:
        while True:
            try:
                send(self._connection, {})
            except OSError:
                return  # `wait_for_end` sees it too.
            time.sleep(BEAT_SECONDS)
