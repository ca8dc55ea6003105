import dataclasses
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[4]
APPS = Path(__file__).with_name("apps")
DEADLINE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> object:
        return json.loads(self.body)


class RunningHost:
    """A host process with one app; requests go out exactly as they are given here."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, log: Path) -> None:
        self.process = process
        self.folder = folder
        self.log = log
        self.port = 0

    def wait_until_ready(self) -> None:
        line = self.process.stdout.readline()
        assert "ready" in line, self.log.read_text()
        self.port = int(line.split("http://127.0.0.1:")[1].split(" ")[0])

    def send(self, method: str, target: str, body=None, headers=(), *, chunked: bool = False) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            names_host = any(name == "Host" for name, _ in headers)
            connection.putrequest(method, target, skip_host=names_host, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
            elif body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body, encode_chunked=chunked)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def get(self, target: str, headers=()) -> Answer:
        return self.send("GET", target, headers=headers)

    def post_json(self, target: str, content: object, headers=()) -> Answer:
        return self.send("POST", target, json.dumps(content).encode(), [("Content-Type", "application/json"), *headers])

    def calls(self, function: str) -> list[dict]:
        """What the app noted about each call of a function; see apps/notes.py."""
        file = self.folder / "notes" / f"{function}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []

    def wait_for_calls(self, function: str, count: int) -> list[dict]:
        return wait_until(lambda: found if len(found := self.calls(function)) >= count else None, self.log)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=30)


def wait_until(look: Callable[[], object], log: Path | None = None):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)  # between two looks at a condition with a deadline
    raise AssertionError(f"did not happen within {DEADLINE_SECONDS} s\n{log.read_text() if log else ''}")


@pytest.fixture(scope="session")
def until():
    """Waits until a condition is true and returns its value."""
    return wait_until


@pytest.fixture(scope="session")
def apps_folder() -> Path:
    return APPS


@pytest.fixture(scope="module")
def start_host(tmp_path_factory) -> Iterator[Callable[..., RunningHost]]:
    """Starts hosts, with settings and options of the command line; they end with the module."""
    started: list[RunningHost] = []

    def start(app: str, *options: str, folder: Path | None = None, program=None, **settings: str) -> RunningHost:
        folder = folder or tmp_path_factory.mktemp(f"host-{app}")
        log = folder / "host.log"
        environment = {
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{APPS}",
            "NOTES": str(folder / "notes"),
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            **settings,
        }
        command = [
            *(program or [sys.executable, "-m", "local.functions_host"]),
            *("start", "--app-root", str(APPS / app), "--data-dir", str(folder / "data")),
            *("--port", "0", "--rpc-port", "0", *options),
        ]
        with log.open("a") as stream:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, text=True
            )
        host = RunningHost(process, folder, log)
        started.append(host)
        host.wait_until_ready()
        return host

    yield start
    for host in started:
        if host.process.poll() is None:
            host.stop()
        host.process.stdin.close()
        host.process.stdout.close()
