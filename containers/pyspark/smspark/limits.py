"""Memory and processors that this container really has: its cgroup's, not the machine's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    cores: int
    memory_mib: int


@dataclass(frozen=True)
class MemoryPlan:
    """Heaps in MiB. What is left of the limit is for Python's workers, the JVMs' own needs and Spark's daemons."""

    driver: int
    executor: int


def number_in(file: Path) -> int | None:
    """None where there is no such file, or where it says "max"."""
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def quota_cores(root: Path) -> float | None:
    """cgroup v2's cpu.max is "QUOTA PERIOD" or "max PERIOD"; v1 has a file for each, and -1 for no quota."""
    quota = number_in(root / "cpu.max")
    if quota is not None:
        return quota / int((root / "cpu.max").read_text().split()[1])
    quota = number_in(root / "cpu/cpu.cfs_quota_us")
    period = number_in(root / "cpu/cpu.cfs_period_us")
    return None if quota is None or period is None or quota <= 0 else quota / period


def machine_memory(meminfo: Path) -> int:
    for line in meminfo.read_text().splitlines():
        name, value = line.split(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"{meminfo}: has no line MemTotal")


def read_limits(
    root: Path = Path("/sys/fs/cgroup"),
    meminfo: Path = Path("/proc/meminfo"),
    allowed_cores: int | None = None,
) -> Limits:
    """`allowed_cores`: how many processors the scheduler lets this process use; a quota rounds down, to one at least."""
    allowed = len(os.sched_getaffinity(0)) if allowed_cores is None else allowed_cores
    quota = quota_cores(root)
    cores = allowed if quota is None else min(allowed, max(1, int(quota)))
    bounds = [number_in(root / "memory.max"), number_in(root / "memory/memory.limit_in_bytes")]
    memory = min([machine_memory(meminfo), *(bound for bound in bounds if bound is not None)])
    return Limits(cores, memory // MIB)


# Spark refuses to start with less than 1.5 × 300 MiB.
SMALLEST_HEAP = 512
# Master and worker: 192 MiB of heap each at most, and what a JVM needs besides.
DAEMONS = 512


def plan_memory(limits: Limits, instances: int) -> MemoryPlan:
    """
    Of the memory of executors, 7 parts in 10 are heap and 3 are for the Python processes that they feed. One instance has its
    executor in the driver. In a cluster all instances are planned alike, since an executor must fit beside the driver too: a
    fifth of the memory (to 4 GiB) is the driver's heap, and a quarter of that its surroundings.
    """
    if instances == 1:
        heap = max(limits.memory_mib * 7 // 10, SMALLEST_HEAP)
        return MemoryPlan(driver=heap, executor=heap)
    free = limits.memory_mib - DAEMONS
    driver = min(max(free // 5, SMALLEST_HEAP), 4096)
    executor = max((free - driver * 5 // 4) * 7 // 10, SMALLEST_HEAP)
    return MemoryPlan(driver, executor)
