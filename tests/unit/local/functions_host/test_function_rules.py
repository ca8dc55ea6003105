import azure.durable_functions as df
import azure.functions as func
import pytest

from local.functions_host.app.app import check_functions, retry_warnings
from local.functions_host.app.config import parse_host_config
from local.functions_host.app.routes import read_routes
from local.functions_host.app.settings import AppSettings
from local.functions_host.worker.loader import describe

pytestmark = pytest.mark.unit

SETTINGS = AppSettings({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
CONFIG = parse_host_config({"version": "2.0", "extensions": {"durableTask": {"hubName": "hub"}}}, SETTINGS)


def problems(declare) -> list[str]:
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    declare(app)
    functions = [describe(function) for function in app.get_functions()]
    found = check_functions(functions, CONFIG, SETTINGS)
    read_routes(functions, CONFIG.route_prefix, found)
    return [str(problem) for problem in found]


def http(app, name, **route):
    def function(req: func.HttpRequest) -> func.HttpResponse: ...

    app.function_name(name)(app.route(**route)(function))


def test_good_app_has_no_problems():
    def declare(app):
        http(app, "a", route="x", methods=["GET"])
        http(app, "b", route="x", methods=["POST"])

        @app.queue_trigger("msg", queue_name="jobs", connection="AzureWebJobsStorage")
        @app.queue_output("out", queue_name="done", connection="AzureWebJobsStorage")
        @app.durable_client_input("client", task_hub="HUB")
        async def work(msg: func.QueueMessage, out: func.Out[str], client): ...

    assert problems(declare) == []


@pytest.mark.parametrize("name", ["host", "1st", "a.b", "x" * 129])
def test_name_that_azure_refuses_is_refused(name):
    (problem,) = problems(lambda app: http(app, name))
    assert problem.startswith(f"cannot load the {name} function: its name must")


def test_names_that_differ_by_case_only_are_refused():
    def declare(app):
        http(app, "same", route="a")
        http(app, "SAME", route="b")

    assert problems(declare) == ["cannot load the SAME function: its name differs from same by case only"]


@pytest.mark.parametrize("route", ["admin", "Administrators/x", "runtime/x", "/admin"])
def test_route_in_the_host_s_own_space_is_refused(route):
    (problem,) = problems(lambda app: http(app, "f", route=route))
    assert "conflicts with the host's own" in problem


def test_empty_route_is_the_function_s_name():
    (problem,) = problems(lambda app: http(app, "admin_page", route=""))
    assert "its route `admin_page` conflicts" in problem


def test_same_route_with_a_shared_method_is_refused():
    def declare(app):
        http(app, "a", route="x/{y}", methods=["GET", "POST"])
        http(app, "b", route="X/{y}", methods=["POST"])

    (problem,) = problems(declare)
    assert problem == ("cannot load the b function: the route `api/X/{y}` conflicts with the route of function a")


def test_route_of_an_asgi_app_needs_an_empty_prefix():
    (problem,) = problems(lambda app: http(app, "f", route="/{*route}"))
    assert "cannot appear consecutively" in problem


@pytest.mark.parametrize(
    ("decorate", "kind"),
    [
        (lambda app: app.blob_trigger("x", path="p", connection="C"), "blobTrigger"),
        (lambda app: app.service_bus_queue_trigger("x", connection="C", queue_name="q"), "serviceBusTrigger"),
        (lambda app: app.event_grid_trigger("x"), "eventGridTrigger"),
        (lambda app: app.generic_trigger("x", type="tulipTrigger"), "tulipTrigger"),
        (lambda app: app.entity_trigger("x"), "entityTrigger"),
    ],
)
def test_unsupported_trigger_is_refused_by_name(decorate, kind):
    def declare(app):
        @decorate(app)
        def function(x): ...

    (problem,) = problems(declare)
    assert f"of type {kind} is not supported by the local host" in problem


def test_unsupported_output_is_refused_by_name():
    def declare(app):
        @app.timer_trigger("timer", schedule="0 0 0 * * *")
        @app.table_output("out", connection="AzureWebJobsStorage", table_name="t")
        def function(timer: func.TimerRequest, out: func.Out[str]): ...

    (problem,) = problems(declare)
    assert "binding `out` of type table is not supported" in problem


@pytest.mark.parametrize(
    ("queue", "reason"),
    [("ab", "3 to 63"), ("a--b", "single hyphens"), ("to-{target}", "depend on the trigger"), ("%NO%", "missing")],
)
def test_queue_name_that_cannot_be_used_is_refused(queue, reason):
    def declare(app):
        @app.queue_trigger("msg", queue_name=queue, connection="AzureWebJobsStorage")
        def function(msg: func.QueueMessage): ...

    (problem,) = problems(declare)
    assert reason in problem


def test_durable_client_of_another_hub_is_refused():
    def declare(app):
        @app.route("x")
        @app.durable_client_input("client", task_hub="other")
        async def function(req: func.HttpRequest, client) -> func.HttpResponse: ...

    (problem,) = problems(declare)
    assert "task hub 'other'; the local host has only 'hub'" in problem


@pytest.mark.parametrize("schedule", ["00:05:00", "0 0 0 30 2 *", "0 0 0 * * 7", "* * *", "0 0 0 L * *"])
def test_schedule_that_is_no_ncrontab_is_refused(schedule):
    def declare(app):
        @app.timer_trigger("timer", schedule=schedule)
        def function(timer: func.TimerRequest): ...

    (problem,) = problems(declare)
    assert schedule in problem


def test_retry_is_reported_for_everything_but_timers():
    app = df.DFApp()
    retry = {"strategy": "fixed_delay", "max_retry_count": "1", "delay_interval": "00:00:01"}

    @app.queue_trigger("msg", queue_name="jobs", connection="AzureWebJobsStorage")
    @app.retry(**retry)
    def queued(msg: func.QueueMessage): ...

    @app.timer_trigger("timer", schedule="0 0 0 * * *")
    @app.retry(**retry)
    def timed(timer: func.TimerRequest): ...

    (warning,) = retry_warnings([describe(function) for function in app.get_functions()])
    assert "queued" in warning
