import azure.durable_functions as df
import azure.functions as func
import pytest

from local.functions_host.app.app import check_functions
from local.functions_host.app.routes import read_routes
from local.functions_host.app.settings import AppSettings
from local.functions_host.worker.loader import describe

pytestmark = pytest.mark.unit

SETTINGS = AppSettings({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})


def problems(declare) -> list[str]:
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    declare(app)
    functions = [describe(function) for function in app.get_functions()]
    found = check_functions(functions, SETTINGS)
    read_routes(functions, "api", found)
    return [str(problem) for problem in found]


def http(app, name, **route):
    def function(req: func.HttpRequest) -> func.HttpResponse: ...

    app.function_name(name)(app.route(**route)(function))


def test_good_app_has_no_problems():
    def declare(app):
        http(app, "a", route="x", methods=["GET"])
        http(app, "b", route="x", methods=["POST"])

        @app.queue_trigger("msg", queue_name="jobs", connection="AzureWebJobsStorage")
        @app.durable_client_input("client")
        async def work(msg: func.QueueMessage, client): ...

        @app.timer_trigger("timer", schedule="30 */5 * * * *", use_monitor=False)
        def tick(timer: func.TimerRequest): ...

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
        http(app, "a", route="x/{*y}", methods=["GET", "POST"])
        http(app, "b", route="X/{*z}", methods=["POST"])

    (problem,) = problems(declare)
    assert problem == ("cannot load the b function: the route `api/x/{*z}` conflicts with the route of function a")


def test_route_of_an_asgi_app_needs_an_empty_prefix():
    (problem,) = problems(lambda app: http(app, "f", route="/{*route}"))
    assert "its route `/{*route}` is not supported" in problem


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
        @app.timer_trigger("timer", schedule="0 0 0 * * *", use_monitor=False)
        @app.table_output("out", connection="AzureWebJobsStorage", table_name="t")
        def function(timer: func.TimerRequest, out: func.Out[str]): ...

    (problem,) = problems(declare)
    assert "binding `out` of type table is not supported" in problem


@pytest.mark.parametrize(
    ("queue", "reason"),
    [("ab", "3 to 63"), ("a--b", "single hyphens"), ("to-{target}", "lower-case"), ("%NO%", "missing")],
)
def test_queue_name_that_cannot_be_used_is_refused(queue, reason):
    def declare(app):
        @app.queue_trigger("msg", queue_name=queue, connection="AzureWebJobsStorage")
        def function(msg: func.QueueMessage): ...

    (problem,) = problems(declare)
    assert reason in problem


@pytest.mark.parametrize("schedule", ["00:05:00", "0 0 0 30 2 *", "0 0 0 * * 7", "* * *", "0 0 0 * * 1-5"])
def test_schedule_that_is_no_ncrontab_is_refused(schedule):
    def declare(app):
        @app.timer_trigger("timer", schedule=schedule, use_monitor=False)
        def function(timer: func.TimerRequest): ...

    (problem,) = problems(declare)
    assert schedule in problem


RETRY = {"strategy": "fixed_delay", "max_retry_count": "1", "delay_interval": "00:00:01"}
NIGHTLY = {"arg_name": "x", "schedule": "0 0 3 * * *"}
QUEUE = {"arg_name": "x", "queue_name": "jobs", "connection": "AzureWebJobsStorage"}


@pytest.mark.parametrize(
    ("declare", "named"),
    [
        (lambda app, f: app.timer_trigger(**NIGHTLY, use_monitor=False)(app.retry(**RETRY)(f)), "@app.retry is"),
        (lambda app, f: app.timer_trigger(**NIGHTLY)(f), "useMonitor"),
        (
            lambda app, f: app.timer_trigger(**NIGHTLY, use_monitor=False, run_on_startup=True)(f),
            "runOnStartup True of",
        ),
        (
            lambda app, f: app.route("r", auth_level=func.AuthLevel.FUNCTION, trigger_arg_name="x")(f),
            "authLevel FUNCTION",
        ),
        (lambda app, f: app.queue_trigger(**QUEUE, data_type=func.DataType.BINARY)(f), "dataType BINARY of"),
        (lambda app, f: app.activity_trigger("x", activity="other")(f), "activity other of"),
        (
            lambda app, f: app.queue_trigger(**QUEUE)(app.durable_client_input("client", task_hub="hub")(f)),
            "taskHub hub of durableClient `client`",
        ),
        (
            lambda app, f: app.queue_trigger(**QUEUE)(app.queue_output("out", queue_name="q", connection="C")(f)),
            "binding `out` of type queue",
        ),
    ],
)
def test_what_the_host_does_not_run_is_refused_by_name(declare, named):
    def function(x): ...

    (problem,) = problems(lambda app: declare(app, function))
    assert named in problem
    assert "not supported by the local host" in problem
