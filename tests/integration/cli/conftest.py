import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from local.stack.inspection import StackStatus

COMPUTE = "cli-cluster"
MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Bml = Callable[..., Outcome]


@pytest.fixture
def bml(stack: StackStatus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bml:
    """Runs a command against the session's stack, which has the compute `cli-cluster`."""
    monkeypatch.delenv("BML_MANAGEMENT_URL", raising=False)
    monkeypatch.setenv("BML_DATA_DIR", stack.data_dir)

    def run(*arguments: object) -> Outcome:
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    made = run("compute", "create", "-n", COMPUTE, "--max-instances", 2, "--idle-time-before-scale-down", 5)
    assert made.code == 0, made.err
    return run


@dataclass(frozen=True)
class Project:
    """A user's folder: an MLflow model, a scoring script, YAML files."""

    folder: Path
    name: str

    def write(self, path: str, text: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def endpoint_file(self, model_version: str = "1") -> Path:
        return self.write(
            "endpoint.yml",
            f"""\
name: {self.name}
description: made by a test
type: batch
auth_mode: aad_token
traffic:
  plain: 100
deployments:
  - name: plain
    model:
      name: {self.name}-model
      version: {model_version}
      local_path: ./model
    compute:
      target: azureml:{COMPUTE}
      instance_count: 1
    mini_batch_size: 3
""",
        )

    def scripted_file(self, script: str, **settings: object) -> Path:
        self.write("code/score.py", script)
        self.write("weights/factor.txt", "2")
        more = "\n".join(f"{key}: {value}" for key, value in settings.items())
        return self.write(
            "scripted.yml",
            f"""\
name: scripted
model:
  name: {self.name}-weights
  local_path: ./weights
code_configuration:
  code:
    local_path: ./code
  scoring_script: score.py
environment:
  image: python:3
compute:
  target: azureml:{COMPUTE}
{more}
""",
        )


@pytest.fixture
def project(tmp_path: Path, unique_name: Callable[[str], str]) -> Project:
    project = Project(tmp_path, unique_name("ep"))
    project.write("model/MLmodel", f"{MLMODEL}# {project.name}\n")
    return project
