"""The instances of a job, from /opt/ml/config/resourceconfig.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from smspark.limits import Limits

RESOURCE_CONFIG = Path("/opt/ml/config/resourceconfig.json")


@dataclass(frozen=True)
class Cluster:
    """`hosts` are all instances by their numbers; the first is the leader: it has Spark's master and the driver."""

    current_host: str
    hosts: tuple[str, ...]

    @property
    def leader(self) -> str:
        return self.hosts[0]

    @property
    def followers(self) -> tuple[str, ...]:
        return self.hosts[1:]

    @property
    def leads(self) -> bool:
        return self.current_host == self.leader

    @property
    def address(self) -> str:
        """What Spark's parts on this instance listen on. One instance needs no name that resolves, nor a network."""
        return self.current_host if self.followers else "127.0.0.1"

    def master_url(self, limits: Limits) -> str:
        """One instance needs no cluster: driver and executor are one process, which starts in a third of the time."""
        return f"spark://{self.leader}:7077" if self.followers else f"local[{limits.cores}]"


def number_of(host: str) -> int:
    return int(host.rsplit("-", 1)[-1])


def read_cluster(file: Path = RESOURCE_CONFIG) -> Cluster:
    """Without the file (`docker run` by hand) there is one instance."""
    if not file.exists():
        return Cluster("algo-1", ("algo-1",))
    config = json.loads(file.read_text())
    return Cluster(config["current_host"], tuple(sorted(config["hosts"], key=number_of)))
