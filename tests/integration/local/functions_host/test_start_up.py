import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

BAD_APP = """
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("admin/x")
def reserved(req: func.HttpRequest) -> func.HttpResponse: ...

@app.blob_trigger("blob", path="in/{name}", connection="AzureWebJobsStorage")
def on_blob(blob: func.InputStream) -> None: ...

@app.timer_trigger("timer", schedule="99 * * * * *", use_monitor=False)
def odd(timer: func.TimerRequest) -> None: ...

@app.queue_trigger("msg", queue_name="%MISSING%", connection="AzureWebJobsStorage")
def lost(msg: func.QueueMessage) -> None: ...
"""
DURABLE_APP = """
import aiohttp
import azure.durable_functions as df
import azure.functions as func
import sys

class Session(aiohttp.ClientSession):
    async def close(self):
        print("the session is closed", file=sys.stderr)
        await super().close()

aiohttp.ClientSession = Session
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("start")
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return func.HttpResponse(await client.start_new("orchestrate"))

@app.orchestration_trigger(context_name="context")
def orchestrate(context: df.DurableOrchestrationContext):
    return 1
"""
GOOD_APP = "import azure.functions as func\n\napp = func.FunctionApp()\n"


@pytest.fixture
def refuse(tmp_path):
    """Starts a host that must not run, and gives what it says."""

    def start(app: str | None, host_json: str = '{"version": "2.0"}', *options: str) -> str:
        if app is not None:
            (tmp_path / "function_app.py").write_text(app)
        (tmp_path / "host.json").write_text(host_json)
        command = [sys.executable, "-m", "local.functions_host", "start", "--app-root", str(tmp_path)]
        environment = {**os.environ, "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
        ended = subprocess.run(
            [*command, "--data-dir", str(tmp_path / "data"), "--rpc-port", "0", *(options or ("--port", "0"))],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        return ended.stderr

    return start


def test_every_refusal_is_named_at_once(refuse):
    said = refuse(BAD_APP)
    assert "cannot load the reserved function: its route `admin/x` conflicts with the host's own" in said
    assert (
        "cannot load the on_blob function: binding `blob` of type blobTrigger is not supported by the local host"
        in said
    )
    assert (
        "cannot load the odd function: schedule '99 * * * * *': '99' is not supported for second by the local host"
        in said
    )
    assert "app setting `MISSING` is missing" in said


def test_app_without_a_script_is_refused(refuse):
    assert "function_app.py does not exist" in refuse(None)


def test_app_that_cannot_be_imported_is_refused_with_the_reason(refuse):
    assert "function_app.py cannot be imported: ModuleNotFoundError: No module named 'nowhere'" in refuse(
        "import nowhere"
    )


def test_app_without_a_function_app_is_refused(refuse):
    assert "has no function app" in refuse("x = 1")


def test_second_name_for_the_function_app_is_refused(refuse):
    assert "more than one name for a function app (app, application)" in refuse(GOOD_APP + "application = app\n")


def test_two_functions_of_one_name_are_refused(refuse):
    twice = "@app.route('{0}')\ndef same(req: func.HttpRequest) -> func.HttpResponse: ...\n\n"
    assert "does not have a unique function name" in refuse(GOOD_APP + twice.format("a") + twice.format("b"))


def test_host_json_of_another_version_is_refused(refuse):
    assert 'host.json: `version` must be "2.0"' in refuse(GOOD_APP, "{}")


def test_host_json_with_a_wrong_value_is_refused_by_its_path(refuse):
    said = refuse(GOOD_APP, '{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}')
    assert "host.json: `extensions.queues.batchSize` is 33; use 1 to 32" in said


def test_port_in_use_is_said_before_anything_starts(refuse):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "in use" in refuse(GOOD_APP, '{"version": "2.0"}', "--port", str(port)).lower()


def test_a_stopped_host_leaves_no_connection_of_the_durable_client_open(start_host, tmp_path):
    (tmp_path / "function_app.py").write_text(DURABLE_APP)
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    host = start_host(str(tmp_path), folder=tmp_path)
    assert host.get("/api/start").status == 200
    assert host.stop() == 0
    assert "the session is closed" in host.log.read_text()
