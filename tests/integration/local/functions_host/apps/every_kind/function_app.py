"""Every type of function that the host runs; the fidelity tests compare what two workers make of them."""

import datetime
import json

import azure.durable_functions as df
import azure.functions as func
from fastapi import FastAPI
from notes import note

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
STORAGE = "AzureWebJobsStorage"
web = FastAPI()


@app.route("http/{*kind}")
def http_sync(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    kind = req.route_params["kind"]
    if kind == "fail":
        raise KeyError("lost")
    if kind == "cookie":
        return func.HttpResponse(status_code=202, headers={"Set-Cookie": "a=b", "X-A": "1"})
    in_thread = context.thread_local_storage.invocation_id == context.invocation_id
    where = context.function_directory.rpartition("/")[2]
    content = [req.method, dict(req.params), req.get_body().decode(), context.function_name, where, in_thread]
    return func.HttpResponse(json.dumps(content), mimetype="application/json")


@app.route("http-async")
async def http_async(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.params.get("say", ""))


@web.post("/web/{name}")
def web_post(name: str, content: dict[str, int]) -> dict[str, object]:
    return {"name": name, "sum": sum(content.values())}


@app.route("web/{*path}")
async def web_all(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await func.AsgiMiddleware(web).handle_async(req, context)


@app.queue_trigger("msg", queue_name="%IN_QUEUE%", connection=STORAGE)
def queue_sync(msg: func.QueueMessage) -> None:
    if msg.get_body() == b"fail":
        raise ValueError("refused")
    note("queue_sync", got=[msg.get_body().decode(), msg.dequeue_count, str(msg.insertion_time.tzinfo)])


@app.queue_trigger("msg", queue_name="%TEXT_QUEUE%", connection=STORAGE)
async def queue_async(msg: func.QueueMessage) -> None:
    note("queue_async", got=f"text: {msg.get_body().decode()}")


@app.timer_trigger("timer", schedule="* * * * * *", use_monitor=False)
def timer(timer: func.TimerRequest, context: func.Context) -> None:
    note("timer", past_due=timer.past_due, status=timer.schedule_status, name=context.function_name)


@app.route("start/{*name}", methods=["POST"])
@app.durable_client_input("client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    content = json.loads(req.get_body() or b"null")
    instance = await client.start_new(req.route_params["name"], client_input=content)
    return func.HttpResponse(instance)


@app.route("event/{*instance}", methods=["POST"])
@app.durable_client_input("client")
async def event(req: func.HttpRequest, client) -> func.HttpResponse:
    await client.raise_event(req.route_params["instance"], "go", req.get_json())
    return func.HttpResponse(status_code=202)


@app.route("status/{*instance}", methods=["GET"])
@app.durable_client_input("client")
async def status(req: func.HttpRequest, client) -> func.HttpResponse:
    found = await client.get_status(req.route_params["instance"])
    content = {"status": found.runtime_status.name, "output": found.output, "custom": found.custom_status}
    return func.HttpResponse(json.dumps(content), mimetype="application/json")


@app.activity_trigger("value")
def double(value: int) -> int:
    return value * 2


@app.activity_trigger("value")
async def describe(value: dict) -> dict:
    return {"keys": sorted(value)}


@app.activity_trigger("value")
def nothing(value) -> None:
    return None


@app.activity_trigger("value")
def fail(value: str):
    raise ValueError(f"no {value}")


@app.orchestration_trigger("context")
def fan(context: df.DurableOrchestrationContext):
    doubled = yield context.task_all([context.call_activity("double", n) for n in range(context.get_input())])
    described = yield context.call_activity("describe", {"b": 1, "a": 2})
    empty = yield context.call_activity("nothing")
    context.set_custom_status({"at": "end"})
    return [doubled, described, empty]


@app.orchestration_trigger("context")
def caught(context: df.DurableOrchestrationContext):
    try:
        yield context.call_activity("fail", "milk")
    except Exception as error:
        return str(error).split("\n", maxsplit=1)[0]


@app.orchestration_trigger("context")
def uncaught(context: df.DurableOrchestrationContext):
    retry = df.RetryOptions(first_retry_interval_in_milliseconds=1, max_number_of_attempts=2)
    yield context.call_activity_with_retry("fail", retry, "bread")


@app.orchestration_trigger("context")
def parent(context: df.DurableOrchestrationContext):
    first = yield context.call_sub_orchestrator("caught")
    yield context.create_timer(context.current_utc_datetime + datetime.timedelta(milliseconds=10))
    return ["child", first]


@app.orchestration_trigger("context")
def waiting(context: df.DurableOrchestrationContext):
    content = yield context.wait_for_external_event("go")
    return content


@app.orchestration_trigger("context")
def counting(context: df.DurableOrchestrationContext):
    number = context.get_input()
    if number < 3:
        yield context.call_activity("double", number)
        context.continue_as_new(number + 1)
        return None
    return number
