import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from azure.storage.blob import BlobServiceClient

from local import stack
from local.data_folder.connection import read_connection
from local.errors import NoStackError, PortInUseError, StackRunningError, SupervisorError
from local.processes.process import ProcessIdentity
from local.stack.health import FUNCTIONS_HOST
from local.stack.inspection import Condition, StackStatus
from local.stack.lifecycle import temporary_stack
from local.stack.options import StackOptions

pytestmark = pytest.mark.integration

MAIN_ROLES = ["supervisor", "azurite", "token-issuer", "scale-set", "functions-host", "blob-events"]
APP = """
import os
import azure.functions as func

app = func.FunctionApp()

@app.route(route="health", auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("healthy")
"""
ENTERS_A_STACK = """
import pathlib, sys
from local.stack.options import StackOptions
from local.stack.lifecycle import temporary_stack

data_dir, app_root = map(pathlib.Path, sys.argv[1:])
with temporary_stack(StackOptions(data_dir, app_root=app_root)):
    print("up", flush=True)
    input()
"""
BROKEN_APP = "raise RuntimeError('this app is broken')"


def make_app(folder, code: str = APP):
    folder.mkdir()
    (folder / "function_app.py").write_text(code)
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}))
    return folder


def pids(status: StackStatus) -> dict[str, int | None]:
    return {process.name: process.pid for process in status.processes}


def addresses(status: StackStatus) -> tuple[str, ...]:
    names = (status.subscription_id, status.tenant_id)
    return (status.management_url, status.blob_url, status.queue_url, status.table_url, status.token_url, *names)


@pytest.fixture
def none_left(is_alive) -> Callable[[StackStatus], bool]:
    return lambda status: not any(is_alive(process.pid) for process in status.processes if process.pid)


@pytest.fixture
def options(tmp_path):
    made = StackOptions(tmp_path / "data", detach=True, app_root=make_app(tmp_path / "app"))
    yield made
    if (made.data_dir / "stack.json").exists():
        stack.down(made.data_dir)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The options of a stack that these tests share; it is whole at the end of each."""
    folder = tmp_path_factory.mktemp("running")
    options = StackOptions(folder / "data", detach=True, app_root=make_app(folder / "app"))
    with temporary_stack(options):
        yield options


@pytest.fixture
def kill(eventually) -> Callable[..., None]:
    def kill_these(*doomed: int) -> None:
        before = [ProcessIdentity.of(pid) for pid in doomed]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(one.is_running() for one in before), what="the end of the killed processes")

    return kill_these


def test_a_stack_from_up_to_down(options, none_left):
    announced = []
    status = stack.up(options, on_ready=announced.append)
    assert [process.role for process in status.processes] == MAIN_ROLES
    assert {process.state for process in status.processes} == {status.state} == {Condition.RUNNING}
    assert [one.management_url for one in announced] == [status.management_url]
    connection = read_connection(options.data_dir)
    with BlobServiceClient.from_connection_string(connection.storage_connection_string) as blobs:
        assert blobs.url.startswith(status.blob_url)
        blobs.create_container("kept").upload_blob("a.txt", b"text")

    before = stack.down(options.data_dir)
    assert pids(before) == pids(status)
    assert none_left(before)
    after = stack.status(options.data_dir)
    assert {process.state for process in after.processes} == {after.state} == {Condition.STOPPED}

    again = stack.up(options)
    assert addresses(again) == addresses(status)
    assert read_connection(options.data_dir) == connection
    with BlobServiceClient.from_connection_string(connection.storage_connection_string) as blobs:
        assert blobs.get_blob_client("kept", "a.txt").download_blob().readall() == b"text"


def test_every_killed_process_comes_back_by_itself(running, eventually, kill):
    data_dir, first = running.data_dir, stack.status(running.data_dir)
    kill(*(pids(first)[role] for role in MAIN_ROLES[1:]))
    eventually(lambda: stack.status(data_dir).state is Condition.RUNNING, timeout=60)
    now = stack.status(data_dir)
    assert addresses(now) == addresses(first)
    assert all(pids(now)[role] != pids(first)[role] for role in MAIN_ROLES[1:])
    assert pids(now)["supervisor"] == pids(first)["supervisor"]


def test_up_on_a_running_stack_restarts_only_the_missing_processes(running, kill):
    first = stack.status(running.data_dir)
    kill(pids(first)["token-issuer"])
    again = stack.up(running)
    assert again.state is Condition.RUNNING
    same = [role for role in MAIN_ROLES if pids(again)[role] == pids(first)[role]]
    assert same == [role for role in MAIN_ROLES if role != "token-issuer"]
    with pytest.raises(StackRunningError, match="port"):
        stack.up(dataclasses.replace(running, port=1234))


def test_after_a_killed_supervisor_up_and_down_leave_another_stack_alone(running, options, kill, none_left):
    other = stack.status(running.data_dir)
    first = stack.up(options)
    assert not set(addresses(first)) & set(addresses(other))
    os.kill(pids(first)[FUNCTIONS_HOST], signal.SIGSTOP)  # cannot notice that its parent is gone
    kill(pids(first)["supervisor"])
    again = stack.up(options)
    assert addresses(again) == addresses(first)
    assert none_left(first)
    os.kill(pids(again)[FUNCTIONS_HOST], signal.SIGSTOP)
    kill(pids(again)["supervisor"])
    stack.down(options.data_dir)
    assert none_left(again)
    assert stack.status(running.data_dir) == other


def test_a_temporary_stack_ends_with_the_process_that_made_it(options, eventually, none_left):
    command = [sys.executable, "-c", ENTERS_A_STACK, str(options.data_dir), str(options.app_root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        status = stack.status(options.data_dir)
        process.kill()
    eventually(lambda: none_left(status), what="the end of the stack")


def test_ctrl_c_ends_a_stack_in_the_foreground(options, none_left):
    command = [sys.executable, "-m", "local.stack", "up", "--data-dir", str(options.data_dir)]
    process = subprocess.Popen(
        [*command, "--app-root", str(options.app_root)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout.readline().split() == ["state", "running"]
    status = stack.status(options.data_dir)
    assert pids(status)["supervisor"] == process.pid
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert none_left(status)


def test_a_broken_app_is_reported_with_its_message_and_nothing_stays(tmp_path):
    options = StackOptions(tmp_path / "data", detach=True, app_root=make_app(tmp_path / "app", BROKEN_APP))
    with pytest.raises(SupervisorError, match=r"(?s)functions-host did not become healthy.*this app is broken"):
        stack.up(options)
    assert stack.status(options.data_dir).state is Condition.STOPPED


def test_a_used_port_is_refused_before_anything_starts(options, azurite):
    taken = StackOptions(options.data_dir, azurite_blob_port=azurite.blob_port, app_root=options.app_root)
    with pytest.raises(PortInUseError, match=f"port {azurite.blob_port} for Azurite's blob service"):
        stack.up(taken)


def test_status_and_down_without_a_stack_say_how_to_get_one(tmp_path):
    for command in (stack.status, stack.down):
        with pytest.raises(NoStackError, match="bml local up"):
            command(tmp_path)


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "local.stack", "up", "--data-dir", str(tmp_path / "file" / "data")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: data folder ")
    assert "--data-dir" in done.stderr


def test_a_client_reads_the_connection_without_the_supervisors_imports():
    check = "import sys, local.data_folder.connection; print({'psutil', 'aiohttp', 'asyncio'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
