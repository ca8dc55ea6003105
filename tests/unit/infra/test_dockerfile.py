"""Rules for the scorer image that need no engine: pinned, small, unprivileged, and the same program as locally."""

import fnmatch
import json
import re

import pytest

from local.scale_set.__main__ import _NODE_COMMAND
from tests.unit.infra.bicep_files import INFRA, REPOSITORY, file_named
from tests.unit.infra.dockerfile import Stage, stages

pytestmark = pytest.mark.unit

PYTHON_VERSION = re.compile(r"python:(\d+\.\d+)\.\d+-slim-")


def _final() -> Stage:
    return stages()[-1]


def test_every_base_image_is_pinned_by_version_and_digest() -> None:
    for stage in stages():
        assert re.fullmatch(r"[\w/.-]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}", stage.image)


def test_one_version_of_python_is_tested_built_and_deployed() -> None:
    _, build, final = stages()
    assert build.image == final.image
    found = PYTHON_VERSION.match(final.image)
    assert found
    workflow = (REPOSITORY / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert f'python-version: "{found[1]}"' in workflow
    assert file_named("main.bicep").parameters["pythonVersion"]["default"] == found[1]


def test_the_final_stage_has_no_compiler_and_installs_nothing_but_a_library() -> None:
    runs = " ; ".join(_final().all("RUN"))
    assert not re.search(r"\b(gcc|g\+\+|build-essential|make|clang|python3-dev|pip install|curl|wget|sudo)\b", runs)
    (packages,) = re.findall(r"apt-get install ([^&]+)", runs)
    assert [word for word in packages.split() if not word.startswith("-")] == ["libgomp1"]
    assert "--no-install-recommends" in packages
    assert "rm -rf /var/lib/apt/lists/*" in runs


def test_wheels_only_are_installed_from_the_pinned_list() -> None:
    (install,) = [run for run in stages()[1].all("RUN") if "uv pip install" in run]
    assert "--only-binary :all:" in install
    assert "-r requirements.txt -c constraints.txt" in install


def test_it_runs_without_rights_from_folders_that_it_may_not_write() -> None:
    final = _final()
    assert final.one("USER") == "10001:10001"
    position = [name for name, _ in final.steps].index("USER")
    assert all(name not in {"RUN", "COPY"} for name, _ in final.steps[position:])
    assert not any("--chown" in copy or "--chmod" in copy for copy in final.all("COPY"))


def test_everything_that_is_written_lies_in_the_one_volume() -> None:
    final = _final()
    assert final.one("VOLUME") == "/var/lib/batch"
    variables = dict(part.split("=", 1) for part in final.one("ENV").split())
    written = [value for name, value in variables.items() if re.search("DIR$|CACHE$|PREFIX$|^HOME$", name)]
    assert len(written) == 6
    assert all(value == "/var/lib/batch" or value.startswith("/var/lib/batch/") for value in written)
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"


def test_it_starts_what_the_local_scale_set_starts() -> None:
    _, *arguments = _NODE_COMMAND.split()
    assert json.loads(_final().one("ENTRYPOINT")) == ["python", *arguments]
    assert _final().one("STOPSIGNAL") == "SIGTERM"


def test_the_machine_asks_the_images_own_health_check() -> None:
    _, _, command = _final().one("HEALTHCHECK").partition("CMD ")
    program = json.loads(command)
    machine = (INFRA / "node/batch_node.py").read_text(encoding="utf-8")
    assert ", ".join(f'"{word}"' for word in program) in machine


def test_uv_and_micromamba_are_there() -> None:
    assert "--from=micromamba /bin/micromamba /usr/local/bin/micromamba" in _final().all("COPY")
    requirements = (REPOSITORY / "scorer_container/requirements.txt").read_text(encoding="utf-8")
    assert re.search(r"^uv==", requirements, re.MULTILINE)


def test_the_context_holds_what_is_copied_and_no_more() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {source for copy in stages()[1].all("COPY") for source in copy.split()[:-1]}
    assert {source.split("/")[0] for source in copied} == let_in
    assert any(fnmatch.fnmatch("shared/__pycache__", rule) for rule in rules if rule.startswith("**"))
    for source in copied:
        assert (REPOSITORY / source).exists()
