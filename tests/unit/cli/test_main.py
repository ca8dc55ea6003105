import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main

pytestmark = pytest.mark.unit

HEAVY = ("azure", "pydantic", "urllib3", "yaml", "jmespath", "tabulate", "psutil", "aiohttp", "pathspec")


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("BML_MANAGEMENT_URL", "BML_SUBSCRIPTION", "BML_RESOURCE_GROUP", "BML_WORKSPACE", "BML_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BML_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("BML_CONFIG_DIR", str(tmp_path / "none"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("endpoint", "show"), 2, "Missing option '-n' / '--name'"),
        (("endpoint", "shw"), 2, "No such command 'shw'. Did you mean 'show'? See `bml endpoint --help`."),
        (("endpont", "list"), 2, "Did you mean 'endpoint'?"),
        (("schedule", "create", "--job-name", "x"), 2, "No such option '--job-name'"),
        (("endpoint", "show", "-n", "x", "-t", "online"), 2, "use --type batch"),
        (("endpoint", "show", "-n", "x"), 8, "bml local up"),
        (("endpoint", "delete", "-y", "-n", "heart/deployments/blue"), 2, "'heart/deployments/blue' is not a name"),
        (("job", "show", "-n", "../computes/c"), 2, "'../computes/c' is not a name"),
        (("job", "cancel", "-n", ".."), 2, "'..' is not a name"),
        (("job", "cancel", "-n", ""), 2, "-n has an empty value. Give a value, or leave the option out."),
        (("endpoint", "invoke", "-n", "x", "--input-local-path", ""), 2, "--input-local-path has an empty value"),
        (("endpoint", "invoke", "-n", "x", "--job-name="), 2, "--job-name has an empty value"),
        (
            ("endpoint", "invoke", "-n", "x", "--environment-variables", "=2"),
            2,
            "--environment-variables '=2' is not KEY=",
        ),
        (("endpoint", "invoke", "-n", "x", "--tags", "a"), 2, "--tags 'a' is not KEY=VALUE"),
        (("job", "list", "--query", ""), 8, "no local service"),
        (("model", "show", "-n", "m", "-v", "1/x"), 2, "'1/x' is not a name"),
        (("batch-deployment", "show", "-n", "b", "-e", "a/b"), 2, "'a/b' is not a name"),
        (("endpoint", "create", "-f", "missing.yml"), 8, "no local service"),
        (("local", "status"), 3, "no local stack"),
        (("endpoint", "update", "-n", "x", "--traffic", "a:50"), 8, "no local service"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = run(capsys, *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said.lower() in err.lower()


def test_a_refusal_of_the_operating_system_is_an_error_and_not_a_defect(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BML_SUBSCRIPTION", "BML_RESOURCE_GROUP", "BML_WORKSPACE", "BML_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("BML_MANAGEMENT_URL", "http://127.0.0.1:9")
    name = "x" * 300
    code, _, err = run(capsys, "data", "create", "-n", "d", "--path", name)
    assert (code, err) == (1, f"error: {name}: File name too long.\n")


def test_a_deployed_service_needs_all_its_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BML_MANAGEMENT_URL", "https://example.com")
    code, _, err = run(capsys, "compute", "list")
    assert code == 2
    assert "BML_SUBSCRIPTION, BML_RESOURCE_GROUP, BML_WORKSPACE, BML_ACCESS_TOKEN are not" in err


def test_a_text_that_is_not_a_token_is_an_authentication_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SUBSCRIPTION", "RESOURCE_GROUP", "WORKSPACE", "ACCESS_TOKEN"):
        monkeypatch.setenv(f"BML_{name}", "x")
    monkeypatch.setenv("BML_MANAGEMENT_URL", "http://127.0.0.1:9")
    code, _, err = run(capsys, "compute", "list")
    assert code == 5
    assert "BML_ACCESS_TOKEN" in err


def test_a_service_that_does_not_answer_is_reported_once_and_without_signatures() -> None:
    claims = base64.urlsafe_b64encode(b'{"exp": 9999999999}').decode().rstrip("=")
    variables = {f"BML_{name}": "x" for name in ("SUBSCRIPTION", "RESOURCE_GROUP", "WORKSPACE")}
    variables |= {"BML_MANAGEMENT_URL": "http://127.0.0.1:9", "BML_ACCESS_TOKEN": f"x.{claims}.x"}
    command = [Path(sys.executable).with_name("bml"), "endpoint", "list"]
    quiet, captured = (
        subprocess.run([*command, *options], env=os.environ | variables, capture_output=True, text=True, check=False)
        for options in ([], ["--verbose"])
    )
    assert (quiet.returncode, quiet.stderr.count("\n")) == (8, 1), quiet.stderr
    assert "GET http://127.0.0.1:9/subscriptions" in captured.stderr
    assert ": no answer in " in captured.stderr
    assert "Retrying" not in captured.stderr, "with the whole address, in which a signature may be"


def test_the_help_names_every_group(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in ("endpoint", "job", "compute", "account", "local"):
        assert name in out


GROUPS = [
    "endpoint",
    "batch-endpoint",
    "batch-deployment",
    "job",
    "compute",
    "model",
    "datastore",
    "workspace",
    "local",
]


@pytest.mark.parametrize("group", GROUPS)
def test_every_listed_command_can_be_loaded(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    from cli.command_tree import bml

    commands = bml.get_command(None, group)  # type: ignore[arg-type]  # a lazy group needs no context
    for name in commands.list_commands(None):  # type: ignore[union-attr, arg-type]
        assert run(capsys, group, name, "--help")[0] == 0


@pytest.mark.parametrize(
    "verb",
    [
        "",
        "account show",
        "endpoint update",
        "endpoint invoke",
        "batch-deployment update",
        "job stream",
        "model create",
        "schedule create",
        "trigger update",
    ],
)
def test_a_help_imports_nothing_heavy(verb: str) -> None:
    arguments = [*verb.split(), "--help"]
    check = f"import sys; from cli.main import main; main({arguments}); print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "cli.main", "version"], capture_output=True, text=True, check=True)
    assert '"bml"' in done.stdout


def test_a_shell_completes_verbs() -> None:
    variables = {"_BML_COMPLETE": "bash_complete", "COMP_WORDS": "bml job arch", "COMP_CWORD": "2"}
    program = [sys.executable, "-c", "from cli.main import main; main()"]
    done = subprocess.run(program, env=os.environ | variables, capture_output=True, text=True, check=True)
    assert done.stdout == "plain,archive\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "completion", shell)
    assert (code, "_BML_COMPLETE" in out) == (0, True)


def test_ctrl_c_ends_the_command_and_says_that_the_job_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def follow(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr("cli.connection.connection.resolve", lambda *_, **__: None)
    monkeypatch.setattr("cli.watching.stream.JobStream", Interrupted)
    code, _, err = run(capsys, "job", "stream", "--name", "nightly")
    assert code == 130
    assert "the job goes on" in err
    assert "`bml job cancel --name nightly`" in err
