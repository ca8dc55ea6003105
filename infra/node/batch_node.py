"""Runs the node and its agent on a virtual machine of a scale set; started by systemd, standard library only.

It pulls the scorer image with the machine's identity, takes the agent out of it, and starts both: the agent, which
alone has the container engine, and the node's container. It stops the node when Azure is about to take the machine
(a spot eviction gives 30 seconds), so that the node gives its work back, and answers the health extension.
"""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONTAINER = "batch-node"
ENDINGS = frozenset({"Preempt", "Terminate", "Redeploy", "Reboot"})
"""Scheduled events that end the node's work."""

DRAIN_SECONDS = 20
"""Between SIGTERM and SIGKILL of the node: what a spot eviction leaves, and some seconds to spare."""

EVENT_POLL_SECONDS = 1.0
HEALTH_SECONDS = 60.0
AGENT_SECONDS = 120.0
LEFT_PAUSE_SECONDS = 60.0
"""A node that leaves by itself was told to; its machine is deleted within this time, else it is wanted again."""

Json = dict[str, object]


@dataclass(frozen=True)
class Settings:
    """The settings file, which the deployment writes (infra/app/compute.bicep)."""

    image: str
    """The scorer image, which begins with the registry's name."""
    clientId: str  # noqa: N815 (the names are the file's)
    """Client id of the machine's identity."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of the node."""
    devices: list[str] = field(default_factory=list)
    """Devices of scoring containers, as podman names them."""
    healthPort: int = 8081  # noqa: N815 (as above)
    root: str = "/var/lib/batch"
    """The one folder that the node may write; scoring containers see parts of it at the same paths."""
    runtime: str = "/run/batch-node"
    """Holds the agent's socket."""
    metadata: str = "http://169.254.169.254/metadata"
    """Azure's instance metadata service."""

    @property
    def registry(self) -> str:
        """The host name of the registry."""
        return self.image.split("/")[0]

    @property
    def socket(self) -> str:
        """The agent's socket."""
        return f"{self.runtime}/agent.sock"

    @property
    def tools(self) -> str:
        """The agent's code and what it mounts, taken out of the image in use."""
        return f"{self.root}/tools"


class Metadata:
    """What Azure tells a machine about itself."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def machine_name(self) -> str:
        """The virtual machine's name, which is the node's id."""
        return str(self._call("instance/compute?api-version=2021-02-01")["name"])

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
        request = urllib.request.Request(f"{self._address}/{path}", data, {"Metadata": "true"})  # noqa: S310 (http)
        with self._opener.open(request, timeout=60) as answer:
            text = answer.read()
        return dict(json.loads(text)) if text else {}


def export_command(settings: Settings) -> list[str]:
    """Takes the agent, the driver and uv out of the image."""
    return [
        "podman", "run", "--rm", "--no-healthcheck", "--userns=keep-id", "--network=none", "--read-only",
        "--cap-drop=all", "--security-opt=no-new-privileges", f"--volume={settings.root}:{settings.root}",
        "--entrypoint=python", settings.image, "-m", "scorer_container.export", settings.tools,
    ]  # fmt: skip


def agent_command(settings: Settings) -> list[str]:
    """The agent; it runs outside of containers, as the user of the container engine."""
    return [
        sys.executable, "-m", "scorer_container.agent", f"--socket={settings.socket}", f"--root={settings.root}",
        f"--image={settings.image}", f"--registry={settings.registry}", f"--client-id={settings.clientId}",
        *(f"--device={device}" for device in settings.devices),
    ]  # fmt: skip


def node_command(settings: Settings, machine: str) -> list[str]:
    """The node's container: no rights, its root read-only, two folders of the machine, and not the agent's code."""
    variables = {**settings.environment, "BATCH_NODE_ID": machine, "BATCH_NODE_AGENT": settings.socket}
    return [
        "podman", "run", "--rm", "--init", f"--name={CONTAINER}", "--replace", "--userns=keep-id", "--network=host",
        "--cgroups=disabled", "--log-driver=none", "--read-only", "--cap-drop=all",
        "--security-opt=no-new-privileges", "--shm-size=1g",
        "--no-healthcheck",  # a second time it would ask what Health asks
        f"--volume={settings.root}:{settings.root}", f"--volume={settings.tools}:{settings.tools}:ro",
        f"--volume={settings.runtime}:{settings.runtime}",
        *(f"--env={name}={value}" for name, value in variables.items()), settings.image,
    ]  # fmt: skip


class Health(ThreadingHTTPServer):
    """Answers the health extension: 200 as long as the last check of the running node succeeded."""

    daemon_threads = True
    is_well = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Probe)
        threading.Thread(target=self.serve_forever, name="probes", daemon=True).start()

    def check_for_ever(self) -> None:
        """Ask the node's own health check now and then."""
        while True:
            time.sleep(HEALTH_SECONDS)
            command = ["podman", "exec", CONTAINER, "python", "-m", "scorer_container.health"]
            self.is_well = subprocess.run(command, check=False).returncode == 0


class _Probe(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Health)
        self.send_response(200 if self.server.is_well else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A probe every few seconds is no news."""


class Machine:
    """The agent and the node of this machine, from their start to their end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metadata = Metadata(settings.metadata)
        self._name = self._metadata.machine_name()
        self._leaving = threading.Event()
        self._stopped = threading.Event()
        self._taken = False

    def run(self) -> int:
        """Run until the node ends; its exit code."""
        registry = [sys.executable, str(Path(__file__).with_name("registry.py"))]
        subprocess.run([*registry, self._settings.registry, self._settings.clientId], check=True)
        subprocess.run(["podman", "pull", "--quiet", self._settings.image], check=True)
        subprocess.run(export_command(self._settings), check=True)
        agent = subprocess.Popen(agent_command(self._settings), cwd=self._settings.tools)
        try:
            self._wait_for_agent(agent)
            node = subprocess.Popen(node_command(self._settings, self._name), stdin=subprocess.DEVNULL)
            threading.Thread(target=self._watch_events, name="events", daemon=True).start()
            return self._attend(agent, node)
        finally:
            agent.terminate()
            agent.wait()

    def stop(self) -> None:
        """Stop everything: systemd wants it."""
        self._stopped.set()
        self.leave()

    def leave(self) -> None:
        """Stop the node: SIGTERM, by which it gives its work back; SIGKILL when that takes too long."""
        self._leaving.set()
        subprocess.run(["podman", "stop", f"--time={DRAIN_SECONDS}", CONTAINER], check=False, capture_output=True)

    def _wait_for_agent(self, agent: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + AGENT_SECONDS
        while not Path(self._settings.socket).exists():
            if agent.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the agent did not start")
            time.sleep(0.1)

    def _attend(self, agent: "subprocess.Popen[bytes]", node: "subprocess.Popen[bytes]") -> int:
        while node.poll() is None and agent.poll() is None:
            time.sleep(0.2)
        if node.poll() is None:
            print("the agent has ended; the node is started again with a new one", file=sys.stderr, flush=True)
            self.leave()
        code = node.wait()
        if self._taken or (code == 0 and not self._leaving.is_set()):
            self._stopped.wait(LEFT_PAUSE_SECONDS)
        return code

    def _watch_events(self) -> None:
        while not self._leaving.wait(EVENT_POLL_SECONDS):
            try:
                event = self._metadata.ending(self._name)
                if event:
                    print(f"Azure takes the machine away (event {event}); the node is stopped", flush=True)
                    self._taken = True
                    self.leave()
                    self._metadata.approve(event)
            except (OSError, ValueError, KeyError) as error:
                print(f"scheduled events could not be read: {error}", file=sys.stderr, flush=True)


def main(path: str) -> int:
    """Run the machine's node once; systemd starts it again."""
    settings = Settings(**json.loads(Path(path).read_text(encoding="utf-8")))
    Path(settings.socket).unlink(missing_ok=True)
    health = Health(settings.healthPort)
    machine = Machine(settings)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=machine.stop).start())
    threading.Thread(target=health.check_for_ever, name="health", daemon=True).start()
    return machine.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
