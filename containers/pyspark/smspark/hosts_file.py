"""A container without a network has no address for its own name, and Java asks for it whenever a log begins."""

from __future__ import annotations

import os
import socket
from pathlib import Path

HOSTS = Path("/etc/hosts")


def name_this_host(file: Path = HOSTS, name: str | None = None) -> None:
    """Adds the name of this host with the loopback address where the file lacks it; who may not write goes on without."""
    name = socket.gethostname() if name is None else name
    lines = file.read_text().splitlines() if file.exists() else []
    names = {word for line in lines for word in line.split("#")[0].split()[1:]}
    if name not in names and os.access(file, os.W_OK):
        with file.open("a") as hosts:
            hosts.write(f"127.0.0.1\t{name}\n")
