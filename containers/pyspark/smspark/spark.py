"""The commands, variables and properties of Spark's parts on this instance."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

from smspark.cluster import Cluster
from smspark.limits import Limits, MemoryPlan
from smspark.object_store import session_keys

SPARK_HOME = Path("/usr/local/lib/python3.11/dist-packages/pyspark")
MASTER_PORT = 7077


def spark_environment(
    around: Mapping[str, str], exported: Mapping[str, str], *, address: str, folder: Path
) -> dict[str, str]:
    """For every part of Spark; executors get it from their worker. What the user exports wins."""
    return {
        "SPARK_HOME": str(SPARK_HOME),
        # Spark's scripts set it; a worker that was started without them asks for it when it starts an executor.
        "SPARK_SCALA_VERSION": "2.12",
        "PYSPARK_PYTHON": "/usr/bin/python3",
        # Master and worker only pass messages on.
        "SPARK_DAEMON_MEMORY": "192m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        **around,
        **session_keys(around),
        "SPARK_LOCAL_HOSTNAME": address,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "HADOOP_CONF_DIR": str(folder / "conf"),
        **exported,
    }


def spark_defaults(
    cluster: Cluster, limits: Limits, memory: MemoryPlan, event_logs: str | None, user: Mapping[str, str]
) -> dict[str, str]:
    defaults = {
        "spark.master": cluster.master_url(limits),
        "spark.submit.deployMode": "client",
        "spark.driver.host": cluster.address,
        "spark.driver.memory": f"{memory.driver}m",
    }
    if event_logs is not None:
        defaults["spark.eventLog.enabled"] = "true"
        defaults["spark.eventLog.dir"] = event_logs
    if not cluster.followers:
        return defaults
    defaults["spark.executor.memory"] = f"{memory.executor}m"
    sized = ("spark.cores.max", "spark.executor.cores", "spark.executor.instances", "spark.dynamicAllocation.enabled")
    if not any(name in user for name in sized):
        # As YARN does: the first task waits (30 s at most) for four fifths of the executors, so that it finds all instances.
        defaults["spark.cores.max"] = str(limits.cores * len(cluster.hosts))
        defaults["spark.scheduler.minRegisteredResourcesRatio"] = "0.8"
    return defaults


def daemon_command(environment: Mapping[str, str], main_class: str, *words: str) -> list[str]:
    """As Spark's own `spark-class` puts it together, which starts a Java of its own for that."""
    return [
        *("java", "-cp", f"{environment['SPARK_CONF_DIR']}:{SPARK_HOME}/jars/*"),
        *(f"-Xmx{environment['SPARK_DAEMON_MEMORY']}", *environment.get("SPARK_DAEMON_JAVA_OPTS", "").split()),
        main_class,
        *words,
    ]


def master_command(environment: Mapping[str, str], cluster: Cluster) -> list[str]:
    words = ("--host", cluster.address, "--port", str(MASTER_PORT), "--webui-port", "0")
    return daemon_command(environment, "org.apache.spark.deploy.master.Master", *words)


def worker_command(environment: Mapping[str, str], cluster: Cluster, limits: Limits, folder: Path) -> list[str]:
    """A worker offers all memory: what an executor takes of it is spark.executor.memory."""
    words = ("--host", cluster.address, "--webui-port", "0", "--work-dir", str(folder / "work"))
    size = ("--cores", str(limits.cores), "--memory", f"{limits.memory_mib}m")
    return daemon_command(
        environment, "org.apache.spark.deploy.worker.Worker", *words, *size, cluster.master_url(limits)
    )


def submit_command(words: list[str]) -> list[str]:
    return [str(SPARK_HOME / "bin/spark-submit"), *words]
