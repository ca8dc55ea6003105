"""Runs the scorer container on a virtual machine of a scale set; started by systemd, standard library only.

It signs in to the registry with the machine's identity, pulls the image, runs it, and stops it when Azure is about to
take the machine away (a spot eviction gives 30 seconds), so that the node gives its work back. It also answers the
probe of the health extension.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONTAINER = "batch-node"
CONTAINER_USER = 10001
"""The user of the image (scorer_container/Dockerfile)."""

CONTAINER_DATA = "/var/lib/batch"
REGISTRY_USER = "00000000-0000-0000-0000-000000000000"
"""The name that goes with a refresh token of Azure Container Registry."""

ENDINGS = frozenset({"Preempt", "Terminate", "Redeploy", "Reboot"})
DRAIN_SECONDS = 20
"""Between SIGTERM and SIGKILL of the container: what a spot eviction leaves, and some seconds to spare."""

EVENT_POLL_SECONDS = 1.0
LEFT_PAUSE_SECONDS = 60.0
"""A node that leaves by itself was told to; its machine is deleted within this time, else it is wanted again."""

Json = dict[str, object]


@dataclass(frozen=True)
class Settings:
    """The settings file, written by the deployment (infra/app/compute.bicep)."""

    image: str
    registry: str
    """Address of the registry, `https://<name>.azurecr.io`."""
    clientId: str  # noqa: N815 (the names are the file's)
    """Client id of the machine's identity."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of the container."""
    healthPort: int = 8081  # noqa: N815 (as above)
    dataFolder: str = "/var/lib/batch-node"  # noqa: N815 (as above)
    metadata: str = "http://169.254.169.254/metadata"
    """Azure's instance metadata service."""


class Metadata:
    """What Azure tells a machine about itself."""

    def __init__(self, address: str) -> None:
        self._address = address

    def machine_name(self) -> str:
        """The virtual machine's name, which is the node's id."""
        return str(self._call("instance/compute?api-version=2021-02-01")["name"])

    def token(self, client_id: str) -> str:
        """A token of the identity for Azure Resource Manager, which registries accept too."""
        query = {"api-version": "2018-02-01", "resource": "https://management.azure.com/", "client_id": client_id}
        return str(self._call(f"identity/oauth2/token?{urllib.parse.urlencode(query)}")["access_token"])

    def ending(self, machine: str) -> str:
        """Id of the event that will end or restart this machine; empty when there is none."""
        events = self._call("scheduledevents?api-version=2020-07-01").get("Events") or []
        assert isinstance(events, list)
        mine = (e for e in events if e["EventType"] in ENDINGS and machine in e.get("Resources", [machine]))
        return next((str(event["EventId"]) for event in mine), "")

    def approve(self, event: str) -> None:
        """Tell Azure that it need not wait for us."""
        self._call("scheduledevents?api-version=2020-07-01", {"StartRequests": [{"EventId": event}]})

    def _call(self, path: str, body: Json | None = None) -> Json:
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self._address}/{path}", data, {"Metadata": "true"})  # noqa: S310 (the settings')
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (as above)
            text = answer.read()
        return dict(json.loads(text)) if text else {}


def sign_in(settings: Settings, metadata: Metadata) -> None:
    """Let the container engine pull from the registry, with the machine's identity."""
    host = urllib.parse.urlsplit(settings.registry).netloc
    token = metadata.token(settings.clientId)
    form = urllib.parse.urlencode({"grant_type": "access_token", "service": host, "access_token": token}).encode()
    with urllib.request.urlopen(f"{settings.registry}/oauth2/exchange", form, timeout=60) as answer:  # noqa: S310 (as above)
        password = json.loads(answer.read())["refresh_token"]
    command = ["docker", "login", host, "--username", REGISTRY_USER, "--password-stdin"]
    subprocess.run(command, input=password, text=True, check=True)


def run_command(settings: Settings, machine: str) -> list[str]:
    """The container: unprivileged, its root read-only, with one folder that it may write."""
    variables = {**settings.environment, "BATCH_NODE_ID": machine}
    return [
        "docker", "run", "--rm", "--init", "--name", CONTAINER,
        "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "4096",
        "--tmpfs", "/tmp:rw,exec,nosuid,nodev,size=2g,mode=1777", "--shm-size", "1g",  # noqa: S108 (the container's)
        "--volume", f"{settings.dataFolder}:{CONTAINER_DATA}",
        *(part for name, value in variables.items() for part in ("--env", f"{name}={value}")),
        settings.image,
    ]  # fmt: skip


class Health(ThreadingHTTPServer):
    """Answers the health extension: 200 while the container runs and its own check does not fail."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Probe)
        threading.Thread(target=self.serve_forever, name="health", daemon=True).start()


class _Probe(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if container_health() in {"healthy", "starting"} else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A probe every few seconds is no news."""


def container_health() -> str:
    """`healthy`, `starting` or `unhealthy`; empty when there is no container."""
    command = ["docker", "inspect", "--format", "{{.State.Health.Status}}", CONTAINER]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def stop_container() -> None:
    """SIGTERM, by which the node gives its work back; SIGKILL when it takes too long."""
    subprocess.run(["docker", "stop", "--time", str(DRAIN_SECONDS), CONTAINER], capture_output=True, check=False)


def watch(metadata: Metadata, machine: str, leaving: threading.Event) -> None:
    """Drain the node as soon as Azure announces the end of the machine."""
    while not leaving.wait(EVENT_POLL_SECONDS):
        try:
            event = metadata.ending(machine)
            if event:
                print(f"Azure takes the machine away (event {event}); the node is stopped", flush=True)
                leaving.set()
                stop_container()
                metadata.approve(event)
        except (OSError, ValueError, KeyError) as error:
            print(f"scheduled events could not be read: {error}", file=sys.stderr, flush=True)


def prepare_folder(settings: Settings) -> None:
    """The folder that the container may write, owned by its user."""
    folder = Path(settings.dataFolder)
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, CONTAINER_USER, CONTAINER_USER)


def main(path: str) -> int:
    """Run the node once; systemd starts it again."""
    settings = Settings(**json.loads(Path(path).read_text(encoding="utf-8")))
    metadata, leaving = Metadata(settings.metadata), threading.Event()
    Health(settings.healthPort)
    machine = metadata.machine_name()
    prepare_folder(settings)
    sign_in(settings, metadata)
    subprocess.run(["docker", "rm", "--force", CONTAINER], capture_output=True, check=False)
    subprocess.run(["docker", "pull", "--quiet", settings.image], check=True)
    container = subprocess.Popen(run_command(settings, machine), stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: (leaving.set(), threading.Thread(target=stop_container).start()))
    watcher = threading.Thread(target=watch, args=(metadata, machine, leaving), name="events")
    watcher.start()
    code = container.wait()
    if leaving.is_set():
        watcher.join()
        rest_until_the_end()
    elif code == 0:
        leaving.wait(LEFT_PAUSE_SECONDS)
    leaving.set()
    return code


def rest_until_the_end() -> None:
    """Azure takes the machine within minutes; systemd's SIGTERM ends the waiting at once."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    deadline = time.monotonic() + LEFT_PAUSE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
