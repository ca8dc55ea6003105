from pathlib import Path

import pytest

from scorer_container.agent.engine import Engine
from scorer_container.agent.requests import Request

pytestmark = pytest.mark.unit

ROOT = Path("/var/lib/batch")
ENGINE = Engine("podman", "registry/scorer:1", ROOT / "tools")
CONFINED = [
    "--pull=never",
    "--no-healthcheck",
    "--init",
    "--userns=keep-id",
    "--cgroups=disabled",
    "--log-driver=none",
    "--read-only",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--http-proxy=false",
    "--shm-size=1g",
    "--entrypoint=",
]
BEGINNING = ["podman", "run", "--rm", "--name=batch-1", "--label=batch-scoring", *CONFINED]
DRIVER = "/var/lib/batch/tools/scorer_container/driver"


def request(**changes: object) -> Request:
    values = {
        "kind": "score",
        "image": "sha",
        "command": ("",),
        "environment": {"AZUREML_MODEL_DIR": "/var/lib/batch/cache/models/m", "TEXT": "two\nlines"},
        "read_only": (ROOT / "cache/models/m", ROOT / "work/inputs"),
        "writable": (ROOT / "work/process000/work",),
        "working_folder": ROOT / "work/process000/work",
    }
    return Request(**(values | changes))


def test_a_scoring_process_is_confined_to_its_folders_and_two_pipes() -> None:
    assert ENGINE.command(request(), "batch-1") == [
        *BEGINNING,
        "--network=none",
        "--preserve-fds=2",
        f"--volume={DRIVER}:{DRIVER}:ro",
        "--volume=/var/lib/batch/cache/models/m:/var/lib/batch/cache/models/m:ro",
        "--volume=/var/lib/batch/work/inputs:/var/lib/batch/work/inputs:ro",
        "--volume=/var/lib/batch/work/process000/work:/var/lib/batch/work/process000/work:rw",
        "--workdir=/var/lib/batch/work/process000/work",
        "--env=AZUREML_MODEL_DIR=/var/lib/batch/cache/models/m",
        "--env=TEXT=two\nlines",
        "--env=BATCH_COMMANDS_FD=3",
        "--env=BATCH_ANSWERS_FD=4",
        "sha",
        *("python", "-u", f"{DRIVER}/main.py"),
    ]


def test_an_environments_programs_are_found_before_the_images() -> None:
    command = ENGINE.command(request(command=("/var/lib/batch/cache/environments/e/bin/python",)), "batch-1")
    assert command[command.index("sha") + 1 :] == [
        *("sh", "-c", 'PATH="$0:$PATH" exec "$@"', "/var/lib/batch/cache/environments/e/bin"),
        *("/var/lib/batch/cache/environments/e/bin/python", "-u", f"{DRIVER}/main.py"),
    ]


def test_a_deployment_without_image_gets_the_nodes_own() -> None:
    assert "registry/scorer:1" in ENGINE.command(request(image=""), "batch-1")


def test_network_and_devices_are_the_deployments_choice() -> None:
    engine = Engine("podman", "own", ROOT / "tools", network="pasta", devices=("nvidia.com/gpu=all",))
    command = engine.command(request(), "batch-1")
    assert {"--network=pasta", "--device=nvidia.com/gpu=all"} < set(command)
    assert "--network=none" not in command


def test_packages_are_installed_by_uv_with_network_and_without_pipes() -> None:
    folder = ROOT / "cache/environments/e"
    wanted = Request("install", "sha", ("venv", str(folder)), {"UV_CACHE_DIR": "/c"}, writable=(folder,))
    assert ENGINE.command(wanted, "batch-1") == [
        *BEGINNING,
        "--volume=/var/lib/batch/tools/uv:/var/lib/batch/tools/uv:ro",
        f"--volume={folder}:{folder}:rw",
        "--env=UV_CACHE_DIR=/c",
        "sha",
        *("/var/lib/batch/tools/uv", "venv", str(folder)),
    ]


def test_images_are_pulled_by_a_request_of_their_own() -> None:
    assert ENGINE.command(Request("pull", "a/b:1"), "") == ["podman", "pull", "--quiet", "a/b:1"]


def test_containers_are_removed_by_name_or_all_at_once() -> None:
    assert ENGINE.removal("batch-1") == ["podman", "rm", "--force", "--ignore", "--time=0", "batch-1"]
    assert ENGINE.removal_of_all()[-1] == "--filter=label=batch-scoring"
