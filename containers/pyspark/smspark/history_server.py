"""
smspark-history-server: Spark's history server over event logs in the object store, as the SageMaker SDK's
`start_history_server()` runs it: on port 15050, and under /proxy/15050 of port 80, the address that the SDK prints.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Mapping, Sequence

from smspark.configuration import Configuration, write_configuration
from smspark.hosts_file import name_this_host
from smspark.object_store import core_site
from smspark.processes import Child, Ended, Signalled, report_signals
from smspark.spark import daemon_command, spark_environment

PORT = 15050
PROXY_PATH = f"/proxy/{PORT}"


def defaults(event_logs: str, remote_domain: str | None) -> dict[str, str]:
    properties = {"spark.history.fs.logDirectory": event_logs, "spark.history.ui.port": str(PORT)}
    if remote_domain is not None:
        # A notebook instance shows the page under this path, and Spark's links must hold it.
        properties["spark.ui.proxyBase"] = PROXY_PATH
        properties["spark.ui.proxyRedirectUri"] = remote_domain
    return properties


def given_environment(around: Mapping[str, str]) -> dict[str, str]:
    """The SDK writes a session token that it does not have as "None"."""
    return {name: value for name, value in around.items() if (name, value) != ("AWS_SESSION_TOKEN", "None")}


def redirection(path: str, host: str) -> str | None:
    """Where a request to port 80 belongs; null for paths that are not the history server's."""
    if path == "/" or path == PROXY_PATH or path.startswith(f"{PROXY_PATH}/"):
        return f"http://{host.split(':')[0] or 'localhost'}:{PORT}{path.removeprefix(PROXY_PATH) or '/'}"
    return None


class Redirect(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        location = redirection(self.path, self.headers.get("Host", ""))
        self.send_response(404 if location is None else 302)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Redirections are nothing to log."""


def redirect_from_port_80() -> None:
    try:
        server = ThreadingHTTPServer(("", 80), Redirect)
    except OSError as error:
        # With the host's network another program may have it; the history server itself does not need it.
        print(f"smspark: port 80: {error}; the history server is on port {PORT}", file=sys.stderr, flush=True)
        return
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="smspark-history-server", allow_abbrev=False)
    parser.add_argument("--event-logs-s3-uri", required=True, metavar="S3_URI", help="prefix, or folder, of event logs")
    parser.add_argument("--remote-domain-name", metavar="URL", help="address of the notebook instance that shows the page")
    given = parser.parse_args(words)
    environment = given_environment(os.environ)
    name_this_host()
    events: queue.SimpleQueue = queue.SimpleQueue()
    report_signals(events)
    with tempfile.TemporaryDirectory(prefix="smspark-") as folder:
        write_configuration(
            Path(folder) / "conf",
            Configuration(),
            spark_defaults=defaults(given.event_logs_s3_uri, given.remote_domain_name),
            core_site=core_site(environment),
        )
        redirect_from_port_80()
        variables = spark_environment(
            {"SPARK_DAEMON_MEMORY": "1g", **environment}, {}, address="localhost", folder=Path(folder)
        )
        command = daemon_command(variables, "org.apache.spark.deploy.history.HistoryServer")
        server = Child("history server", command, variables, events)
        match events.get():
            case Ended(exit_code=code):
                return code
            case Signalled(number=number):
                server.stop(10)
                return 128 + number
    raise AssertionError("unreachable")
