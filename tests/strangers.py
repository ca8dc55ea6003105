"""Requests of somebody without a token or a key, to every port on which the processes of a stack listen."""

import http.client
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.loopback.certificates import TlsFiles
from local.loopback.ports import connect
from local.stack.inspection import SUPERVISOR, StackStatus

PORTS_OF_A_STACK = 8
"""Blobs, queues, tables, tokens, scale set, application, durable RPC, blob events."""

OPEN = {
    "/health",
    "/admin/host/ping",
    "/metadata/endpoints?api-version=2023-01-01",
    "/discovery/workspaces/w/",
    "/tenant/v2.0/.well-known/openid-configuration",
}
"""What anybody may read: whether a server is well, and where things are."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = (
    *sorted(OPEN),
    "/",
    "/admin/host/status",
    "/admin/functions/on_purge_request",
    "/admin/functions/reconcile_jobs",
    "/durabletask/instances",
    "/durabletask/instances/x/terminate",
    "/durabletask/orchestrators/batch_job",
    "/durabletask/orchestrators/batch_job/x",
    "/runtime/webhooks/durabletask/instances",
    "/runtime/webhooks/durabletask/orchestrators/batch_job",
    "/scale-sets",
    "/scale-sets/cpu",
    "/scale-sets/cpu/instances/x",
    "/tenant/oauth2/v2.0/token",
    "/devstoreaccount1?comp=list",
    "/devstoreaccount1/probe?restype=container",
    "/devstoreaccount1/probe/messages",
    "/devstoreaccount1/Tables",
    "/devstoreaccount1?restype=service&comp=properties",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/batchEndpoints/e",
    "/endpoints/e/jobs",
    "/history/v1.0/runs",
    "/data/v1.0/x",
    "/mferp/managementfrontend/x",
    "/studio/jobs/x",
)
SIMPLE = {"Content-Type": "text/plain"}
"""What a browser sends for a page of another origin without asking the server first."""


@dataclass(frozen=True)
class Port:
    """A port of the stack; with `trust` it speaks TLS."""

    number: int
    process: str
    trust: ssl.SSLContext | None

    def status(self, method: str, path: str, headers: dict[str, str]) -> int:
        """The answer's status."""
        connection = connect(self.number, self.trust, 30)
        try:
            connection.request(method, path, b"{}" if method in {"POST", "PUT", "PATCH"} else None, headers)
            return connection.getresponse().status
        finally:
            connection.close()


def ports_of(status: StackStatus) -> list[Port]:
    """Every TCP port on which the supervisor or any process below it listens, also one that nobody thought of."""
    supervisor = next(process for process in status.processes if process.role == SUPERVISOR)
    family = [psutil.Process(supervisor.pid), *psutil.Process(supervisor.pid).children(recursive=True)]
    trust = TlsFiles(Path(status.data_dir) / "tls").client_context() if status.ca_file else None
    found = {number: " ".join(process.cmdline()) for process in family for number in listening_ports(process)}
    return [Port(number, process, _trust(number, trust)) for number, process in sorted(found.items())]


def listening_ports(process: psutil.Process) -> set[int]:
    """The TCP ports on which a process listens; one that ended meanwhile listens on none."""
    try:
        connections = process.net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return set()
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


def _trust(number: int, trust: ssl.SSLContext | None) -> ssl.SSLContext | None:
    """`trust` if the port speaks TLS."""
    try:
        Port(number, "", trust).status("GET", "/health", {})
    except ssl.SSLError:
        return None
    return trust


def answers_to_strangers(port: Port) -> Iterator[str]:
    """What a port answered that it should have refused."""
    own = f"127.0.0.1:{port.number}"
    for path in PATHS:
        for method in METHODS:
            status = port.status(method, path, SIMPLE)
            if not 400 <= status < 500 and not (method == "GET" and path in OPEN):
                yield f"{port.process}: {method} {path} was answered {status}"
    for path in ("/", "/health", "/admin/host/ping"):
        for method in METHODS:
            for headers in ({"Host": "rebound.example"}, {"Host": own, "Origin": "https://elsewhere.example"}):
                status = port.status(method, path, SIMPLE | headers)
                if status != http.client.FORBIDDEN and not ("Origin" in headers and method == "GET"):
                    yield f"{port.process}: {method} {path} with {headers} was answered {status}"
