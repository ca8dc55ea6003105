"""The local scale set as a process of its own, with a small program instead of the scorer node."""

import contextlib
import http.client
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from local.loopback.ports import free_ports

KEY = "key of the test"
# Ends at SIGTERM and at the end of its stdin, as a scorer node does.
POLITE = """
import os, pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path(os.environ["BATCH_NODE_DIR"], "environment").write_text("\\n".join(map("=".join, os.environ.items())))
child = subprocess.Popen(["sleep", "1000"])
pathlib.Path(os.environ["BATCH_NODE_DIR"], "child").write_text(str(child.pid))
print("instance", os.environ["BATCH_NODE_ID"], flush=True)
sys.stdin.read()
"""


class ScaleSetProcess:
    def __init__(self, folder: Path, program: str, **options: float) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        self._command = [
            *(sys.executable, "-m", "local.scale_set", "--port", str(self.port), "--data-dir", str(folder)),
            *("--instance-command", shlex.join([sys.executable, "-c", program]), "--exit-with-parent", *flags),
        ]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command,
            env={**os.environ, "BATCH_LOCAL_SCALE_SET_KEY": KEY, "AzureWebJobsStorage": "passed on"},
            stdin=subprocess.PIPE,
        )

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def call(self, method: str, path: str, body: object = None, key: str = KEY) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {key}"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def answers(self) -> bool:
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def scale_out(self, compute: str, capacity: int) -> list[dict]:
        status, answer = self.call("PUT", f"/scale-sets/{compute}", {"capacity": capacity})
        assert status == 200
        return answer["instances"]

    def instances(self, compute: str) -> list[dict]:
        return self.call("GET", f"/scale-sets/{compute}")[1]["instances"]

    def ids(self, compute: str) -> set[str]:
        return {instance["id"] for instance in self.instances(compute)}

    def running_pids(self, compute: str) -> list[int]:
        return [instance["pid"] for instance in self.instances(compute) if instance["state"] == "running"]

    def log(self, instance_id: str) -> str:
        file = self.folder / "logs" / f"{instance_id}.log"
        return file.read_text() if file.exists() else ""

    def work_file(self, instance_id: str, name: str) -> Path:
        return self.folder / "nodes" / instance_id / name

    def is_up(self, instance_id: str, times: int = 1) -> bool:
        return self.log(instance_id).count(f"instance {instance_id}") >= times
