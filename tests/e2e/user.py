"""A user at the command line: every step is a `bml` command in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.data_folder.connection import read_connection
from shared.storage.account import StorageAccount

BML = Path(sys.executable).with_name("bml")
TERMINAL = {"Completed", "Failed", "Canceled"}


class User:
    """Works with the stack of one data folder."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self.data_dir = data_dir
        self.folder = folder
        self.folder.mkdir(exist_ok=True, parents=True)

    @property
    def account(self) -> StorageAccount:
        """The stack's storage, for data that a user would have there anyway."""
        return StorageAccount(connection_string=read_connection(self.data_dir).storage_connection_string)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command, however it ends."""
        environment = {**os.environ, "BML_DATA_DIR": str(self.data_dir)}
        return subprocess.run(
            [BML, *words], env=environment, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )

    def bml(self, *words: str) -> Any:
        """The command's JSON; it must succeed."""
        done = self.run(*words, "-o", "json")
        assert done.returncode == 0, f"bml {' '.join(words)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def write(self, name: str, content: str | Mapping[str, Any]) -> Path:
        """A file in the user's folder; a mapping becomes YAML."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(dict(content)))
        return path

    def script_endpoint(self, name: str, script: str, *, compute: str, **deployment: Any) -> None:
        """An endpoint whose only deployment runs `script` with a model file of three bytes."""
        self.write(f"{name}/model/weights.txt", "1.5")
        self.write(f"{name}/code/score.py", script)
        described = {
            "name": "scripted",
            "model": {"name": f"{name}-model", "version": 1, "local_path": "./model"},
            "code_configuration": {"code": {"local_path": "./code"}, "scoring_script": "score.py"},
            "environment": {"name": f"{name}-env", "version": 1, "docker": {"image": "python:3.11"}},
            "compute": {"target": f"azureml:{compute}", "instance_count": 1},
            **deployment,
        }
        endpoint = {"name": name, "type": "batch", "traffic": {"scripted": 100}, "deployments": [described]}
        self.bml("endpoint", "create", "--type", "batch", "-f", str(self.write(f"{name}/endpoint.yml", endpoint)))

    def invoke(self, endpoint: str, *words: str) -> str:
        """The name of the new job."""
        return str(self.bml("endpoint", "invoke", "-n", endpoint, "--type", "batch", *words)["name"])

    def job(self, name: str) -> dict[str, Any]:
        """The job as it is now."""
        return dict(self.bml("job", "show", "-n", name))

    def ended(self, name: str) -> bool:
        """Whether the job is over; while the service is coming back it is not."""
        shown = self.run("job", "show", "-n", name, "--query", "status", "-o", "tsv")
        return shown.stdout.strip() in TERMINAL

    def output(self, name: str) -> str:
        """The job's output file."""
        target = self.folder / "downloads" / name
        self.bml("job", "download", "-n", name, "-p", str(target))
        return (target / "predictions.csv").read_text()

    def pid_of(self, role: str) -> int:
        """The process of a role of the stack."""
        processes = self.bml("local", "status")["processes"]
        return int(next(process["pid"] for process in processes if process["role"] == role))
