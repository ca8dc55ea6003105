import azure.functions as func
import pytest

from local.functions_host.app.errors import FunctionLoadError
from local.functions_host.app.functions import Binding
from local.functions_host.worker.loader import read_signature

pytestmark = pytest.mark.unit

QUEUE = Binding("msg", "queueTrigger", "IN", {})
OUT = Binding("out", "queue", "OUT", {})
REQUEST = Binding("req", "httpTrigger", "IN", {})
RETURN = Binding("$return", "http", "OUT", {})
ACTIVITY = Binding("value", "activityTrigger", "IN", {})


def test_sync_and_async_functions_are_told_apart():
    def sync(msg): ...

    async def coroutine(msg): ...

    assert not read_signature("f", sync, [QUEUE]).is_async
    assert read_signature("f", coroutine, [QUEUE]).is_async


def test_context_without_a_binding_is_given():
    def function(msg, context: func.Context): ...

    assert read_signature("f", function, [QUEUE]).wants_context


def test_activity_has_an_implicit_result_and_a_queue_function_none():
    def activity(value: str) -> dict[str, int]: ...

    def queued(msg): ...

    assert read_signature("f", activity, [ACTIVITY]).result.converter == "activityTrigger"
    assert read_signature("f", queued, [QUEUE]).result is None


def test_http_function_has_the_result_of_its_return_binding():
    def function(req): ...

    assert read_signature("f", function, [REQUEST, RETURN]).result.converter == "http"


def _function(**annotations):
    parameters = ", ".join(annotations)
    scope: dict = {}
    exec(f"def function({parameters}): ...", scope)
    function = scope["function"]
    function.__annotations__ = {name: kind for name, kind in annotations.items() if kind is not None}
    return function


@pytest.mark.parametrize(
    ("function", "bindings", "reason"),
    [
        (_function(msg=None, extra=None), [QUEUE], "parameters without a binding decorator: extra"),
        (_function(msg=None), [QUEUE, OUT], "bindings without a parameter of the function: out"),
        (_function(msg=int), [QUEUE], "does not match its annotation"),
        (_function(msg=func.TimerRequest), [QUEUE], "does not match its annotation"),
        (_function(msg=str), [QUEUE], "does not match its annotation"),
        (_function(msg=func.Out[str]), [QUEUE], "does not match its annotation"),
        (_function(msg=None, context=int), [QUEUE], "expected to be of type azure.functions.Context"),
        (_function(msg="Missing"), [QUEUE], "annotations cannot be resolved"),
    ],
)
def test_function_that_does_not_fit_its_bindings_is_refused(function, bindings, reason):
    with pytest.raises(FunctionLoadError, match=reason):
        read_signature("f", function, bindings)


@pytest.mark.parametrize("annotation", [int, func.Out[str], list[str]])
def test_wrong_return_annotation_is_refused(annotation):
    def function(req): ...

    function.__annotations__ = {"return": annotation}
    with pytest.raises(FunctionLoadError, match="does not match binding type"):
        read_signature("f", function, [REQUEST, RETURN])
