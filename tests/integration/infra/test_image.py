"""The scorer image's build steps in a clean environment, and a node that runs in what they make.

There may be no container engine where the tests run. The steps are those of the Dockerfile, with its absolute folders
moved into a folder of the test; the node sees nothing of the repository but what the image has.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.azurite.endpoints import AzuriteEndpoints
from tests.unit.infra.bicep_files import REPOSITORY
from tests.unit.infra.dockerfile import Stage, stages

pytestmark = pytest.mark.integration

UV = Path(sys.prefix) / "bin/uv"
ONLY_SIZE = ("--no-cache-dir", "--no-cache", "--compile-bytecode")
"""Options that change no installed package but take the test minutes."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that stands for the root of the image."""
    root = tmp_path_factory.mktemp("image")
    build = stages()[1]
    assert isinstance(build, Stage)
    here = root / "build"
    here.mkdir()
    (root / "opt").mkdir()
    for instruction, arguments in build.steps:
        if instruction == "COPY":
            _copy(arguments, here, root)
        elif instruction == "RUN":
            _run(arguments, here, root)
    return root


def _copy(arguments: str, here: Path, root: Path) -> None:
    *sources, target = arguments.split()
    folder = root / target.lstrip("/") if target.startswith("/") else here / target
    for source in (REPOSITORY / one for one in sources):
        if source.is_dir():
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder)


def _run(arguments: str, here: Path, root: Path) -> None:
    command = arguments.replace("/opt/", f"{root}/opt/")
    for option in ONLY_SIZE:
        command = command.replace(f" {option}", "")
    subprocess.run(["sh", "-euc", command], cwd=here, check=True, env=_environment(root, os.environ["PATH"]))


def _environment(root: Path, path: str) -> dict[str, str]:
    """The image's variables in place of ours; what reaches package indexes is kept."""
    network = ("PIP_", "UV_", "SSL_", "HTTP", "http")
    kept = {name: value for name, value in os.environ.items() if name.startswith(network)}
    variables = dict(part.split("=", 1) for part in stages()[-1].one("ENV").split())
    moved = {name: value.replace("/var/lib/batch", f"{root}/var/lib/batch") for name, value in variables.items()}
    return {**kept, **moved, "PATH": f"{root}/opt/node/bin:{sys.prefix}/bin:{path}", "UV_CACHE_DIR": _shared_cache()}


def _shared_cache() -> str:
    return subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()


def _start(image: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    environment = _environment(image, "/usr/bin:/bin") | variables
    command = json.loads(stages()[-1].one("ENTRYPOINT"))
    return subprocess.Popen(
        [str(image / "opt/node/bin" / command[0]), *command[1:]],
        cwd=image / "opt/batch",
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _health(image: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    _, _, command = stages()[-1].one("HEALTHCHECK").partition("CMD ")
    program = json.loads(command)
    return subprocess.run(
        [str(image / "opt/node/bin" / program[0]), *program[1:]],
        cwd=image / "opt/batch",
        env=_environment(image, "/usr/bin:/bin") | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_settings_it_says_which_are_missing(image: Path) -> None:
    process = _start(image, {})
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "missing node settings: BATCH_COMPUTE, BATCH_NODE_ID" in said


def test_a_node_announces_itself_is_healthy_and_leaves_at_sigterm(
    image: Path, azurite: AzuriteEndpoints, unique_name: Callable[[str], str], eventually: Callable[..., None]
) -> None:
    variables = {
        "AzureWebJobsStorage": azurite.connection_string,
        "BATCH_COMPUTE": unique_name("c"),
        "BATCH_NODE_ID": "node-1",
    }
    before = _files(image / "opt")
    assert "has not announced itself" in _health(image, variables).stderr
    process = _start(image, variables)
    eventually(lambda: _health(image, variables).returncode == 0, timeout=120, what="a healthy node")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "has left" in said
    assert _health(image, variables).returncode == 1
    assert _files(image / "opt") == before, "the image's root is read-only"


def _files(folder: Path) -> dict[str, int]:
    """All files with the time of their last change."""
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_a_node_that_cannot_reach_its_storage_is_not_healthy(image: Path) -> None:
    answer = _health(image, {"BATCH_COMPUTE": "c", "BATCH_NODE_ID": "n"})
    assert answer.returncode == 1
    assert "unhealthy: no storage account" in answer.stderr


def test_the_machine_finds_agent_driver_and_uv_in_the_image(image: Path, tmp_path: Path) -> None:
    python = image / "opt/node/bin/python"
    command = [python, "-m", "scorer_container.export", tmp_path / "tools"]
    subprocess.run(command, cwd=image / "opt/batch", check=True, env=_environment(image, "/usr/bin:/bin"))
    found = {path.relative_to(tmp_path / "tools").as_posix() for path in (tmp_path / "tools").rglob("*.py")}
    assert {"scorer_container/agent/__main__.py", "scorer_container/driver/main.py"} <= found
    version = subprocess.run([tmp_path / "tools/uv", "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("uv ")


def test_installed_packages_are_the_pinned_ones(image: Path) -> None:
    pins = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.split(";")[0].strip() for line in pins.splitlines() if "==" in line}
    command = [str(UV), "pip", "freeze", "--python", str(image / "opt/node/bin/python")]
    installed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert {line for line in installed if line} - pinned == set(), shlex.join(command)
