"""
smspark-submit: one Spark cluster across the instances of a job, and one application on it.

The first instance runs Spark's master, a worker and the application's driver; every other runs a worker until it is told that
the application is over. The exit code of the first instance is the application's.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

from smspark import failure
from smspark.arguments import Arguments, MissingFile, parse_arguments, submit_words
from smspark.cluster import Cluster, read_cluster
from smspark.hosts_file import name_this_host
from smspark.configuration import Configuration, ConfigurationError, expand, read_configuration, write_configuration
from smspark.event_log import EventLog
from smspark.executor_output import ExecutorOutput
from smspark.lifeline import JOIN_SECONDS, Follower, Leader, LifelineBroken
from smspark.limits import Limits, plan_memory, read_limits
from smspark.object_store import core_site
from smspark.processes import Child, Ended, Signalled, report_signals
from smspark.spark import MASTER_PORT, master_command, spark_defaults, spark_environment, submit_command, worker_command

MASTER_START_SECONDS = 120.0
# How long a driver that was told to stop may take; SageMaker gives a job two minutes.
STOP_SECONDS = 90.0
DAEMON_STOP_SECONDS = 5.0


class ClusterFailure(Exception):
    """Spark itself, or an instance, failed: not the application."""


@dataclass(frozen=True)
class Prepared:
    cluster: Cluster
    limits: Limits
    environment: dict[str, str]
    folder: Path
    words: list[str]


def say(line: str) -> None:
    print(f"smspark: {line}", file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    arguments = parse_arguments(sys.argv[1:] if words is None else words)
    end_at_signals()
    name_this_host()
    with tempfile.TemporaryDirectory(prefix="smspark-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        try:
            prepared = prepare(arguments, Path(folder), stack)
            if not prepared.cluster.followers:
                return run_alone(prepared, stack)
            return lead(prepared, stack) if prepared.cluster.leads else follow(prepared, stack)
        except (ClusterFailure, LifelineBroken, ConfigurationError, MissingFile) as error:
            say(str(error))
            failure.write_message(f"smspark: {error}")
            return 1


def end_at_signals() -> None:
    """Until the application runs; the first process of a container would ignore them otherwise."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


def prepare(arguments: Arguments, folder: Path, stack: ExitStack) -> Prepared:
    """Everything that is settled before the first process starts."""
    cluster, limits, configuration = read_cluster(), read_limits(), read_configuration()
    memory = plan_memory(limits, len(cluster.hosts))
    for name in configuration.without_effect:
        say(f"the classification {name} has no effect here")
    defaults = spark_defaults(
        cluster,
        limits,
        memory,
        event_logs_location(arguments, cluster, folder, stack),
        {**configuration.properties["spark-defaults"], **dict(setting.partition("=")[::2] for setting in arguments.conf)},
    )
    write_configuration(
        folder / "conf", configuration, spark_defaults=defaults, core_site=core_site(os.environ)
    )
    say(
        f"{cluster.current_host} of {len(cluster.hosts)}: {limits.cores} cores, {limits.memory_mib} MiB,"
        f" {memory.driver} MiB for the driver's heap, {memory.executor} MiB for the executor's"
    )
    return Prepared(
        cluster,
        limits,
        environment=environment_of(cluster, configuration, folder),
        folder=folder,
        words=submit_words(arguments, folder) if cluster.leads else [],
    )


def environment_of(cluster: Cluster, configuration: Configuration, folder: Path) -> dict[str, str]:
    exported = expand(configuration.environment, os.environ)
    return spark_environment(os.environ, exported, address=cluster.address, folder=folder)


def event_logs_location(arguments: Arguments, cluster: Cluster, folder: Path, stack: ExitStack) -> str | None:
    """The driver alone writes an event log."""
    if arguments.event_logs_folder is None or not cluster.leads:
        return arguments.event_logs_s3_uri
    log = EventLog(folder / "spark-events", Path(arguments.event_logs_folder))
    stack.callback(log.close)
    return (folder / "spark-events").as_uri()


def start_worker(prepared: Prepared, events: queue.SimpleQueue, stack: ExitStack) -> None:
    worker = Child(
        "worker",
        worker_command(prepared.environment, prepared.cluster, prepared.limits, prepared.folder),
        prepared.environment,
        events,
    )
    output = ExecutorOutput(prepared.folder / "work")
    stack.callback(output.close)
    stack.callback(worker.stop, DAEMON_STOP_SECONDS)


def lead(prepared: Prepared, stack: ExitStack) -> int:
    cluster = prepared.cluster
    events: queue.SimpleQueue = queue.SimpleQueue()
    master = Child("master", master_command(prepared.environment, cluster), prepared.environment, events)
    stack.callback(master.stop, DAEMON_STOP_SECONDS)
    wait_for_port(cluster.address, MASTER_PORT, events)
    leader = Leader(
        cluster.address,
        cluster.followers,
        lambda host: say(f"{host} is lost; Spark goes on with the instances that are left"),
    )
    exit_code = 1
    try:
        start_worker(prepared, events, stack)
        wait_for_followers(leader, events)
        exit_code = run_driver(prepared, events, stack, on_stop=leader.expect_losses)
        return exit_code
    finally:
        leader.finish(exit_code)


def run_alone(prepared: Prepared, stack: ExitStack) -> int:
    return run_driver(prepared, queue.SimpleQueue(), stack, on_stop=lambda: None)


def run_driver(
    prepared: Prepared, events: queue.SimpleQueue, stack: ExitStack, *, on_stop: Callable[[], None]
) -> int:
    report_signals(events)
    driver = Child("driver", submit_command(prepared.words), prepared.environment, events, keep_tail=True)
    stack.callback(driver.stop, DAEMON_STOP_SECONDS)
    exit_code = wait_for_driver(driver, events, on_stop)
    if exit_code != 0:
        failure.write_message(failure.reason(driver.tail))
    return exit_code


def wait_for_port(address: str, port: int, events: queue.SimpleQueue) -> None:
    give_up = time.monotonic() + MASTER_START_SECONDS
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError as error:
            if not events.empty():
                raise ClusterFailure(described(events.get())) from error
            if time.monotonic() > give_up:
                raise ClusterFailure(f"Spark's master did not listen within {MASTER_START_SECONDS:.0f} s") from error
            time.sleep(0.1)


def wait_for_followers(leader: Leader, events: queue.SimpleQueue) -> None:
    give_up = time.monotonic() + JOIN_SECONDS
    while missing := leader.missing(seconds=0.2):
        if not events.empty():
            raise ClusterFailure(described(events.get()))
        if time.monotonic() > give_up:
            raise ClusterFailure(f"{', '.join(sorted(missing))} did not join within {JOIN_SECONDS:.0f} s")


def described(ended: Ended) -> str:
    return f"Spark's {ended.name} on this instance ended with exit code {ended.exit_code}"


def wait_for_driver(driver: Child, events: queue.SimpleQueue, on_stop: Callable[[], None]) -> int:
    while True:
        event = events.get()
        match event:
            case Ended(name="driver", exit_code=code):
                return code
            case Ended():
                raise ClusterFailure(described(event))
            case Signalled(number=number):
                say(f"{signal.Signals(number).name}: stopping the application")
                on_stop()
                driver.stop(STOP_SECONDS)
                return 128 + number


def follow(prepared: Prepared, stack: ExitStack) -> int:
    """0 once the application is over, however it ended: why it failed is for the first instance to say."""
    cluster = prepared.cluster
    events: queue.SimpleQueue = queue.SimpleQueue()
    lifeline = Follower(cluster.leader, cluster.current_host)
    stack.callback(lifeline.close)
    start_worker(prepared, events, stack)
    report_signals(events)
    threading.Thread(target=report_end, args=(lifeline, events), daemon=True).start()
    event = events.get()
    match event:
        case Ended(name="application", exit_code=code):
            lifeline.close()
            say(f"the application ended with exit code {code}")
            return 0
        case Signalled(number=number):
            return 128 + number
        case Ended():
            raise ClusterFailure(described(event))
        case LifelineBroken():
            raise event
    raise AssertionError(event)


def report_end(lifeline: Follower, events: queue.SimpleQueue) -> None:
    try:
        events.put(Ended("application", lifeline.wait_for_end()))
    except LifelineBroken as error:
        events.put(error)
