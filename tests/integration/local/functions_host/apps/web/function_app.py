"""HTTP functions, one for each habit of the Functions host that the tests name."""

import json
import os
import time
from http.cookies import SimpleCookie
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func
from fastapi import FastAPI
from notes import note

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
web = FastAPI()


def described(req: func.HttpRequest, **more: object) -> func.HttpResponse:
    content = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode("latin-1"),
        **more,
    }
    return func.HttpResponse(json.dumps(content), mimetype="application/json")


@app.route("echo/{*rest}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return described(req)


@app.route("only-get", methods=["GET"])
def only_get(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("got")


@app.route("shared/{*x}", methods=["GET"])
def b_second(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("b_second")


@app.route("shared")
def A_first(req: func.HttpRequest) -> func.HttpResponse:  # noqa: N802 - the order of names ignores case
    return func.HttpResponse("A_first")


@app.route("fails")
def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("secret detail")


@app.route("exits")
def exits(req: func.HttpRequest) -> func.HttpResponse:
    raise SystemExit(3)


@app.route("blocks/{*gate}")
async def blocks(req: func.HttpRequest) -> func.HttpResponse:
    gate = Path(os.environ["NOTES"], req.route_params["gate"])
    note("blocks")
    deadline = time.monotonic() + 60
    while not gate.exists() and time.monotonic() < deadline:  # noqa: ASYNC240 - as below
        time.sleep(0.02)  # noqa: ASYNC251 - blocking the worker's loop is the point
    return func.HttpResponse("unblocked")


@app.route("none")
def none(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.route("text")
def text(req: func.HttpRequest) -> str:
    return "text"


@app.route("cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(status_code=201, headers={"X-Made": "yes"})
    for name in ("a", "b"):
        cookie = SimpleCookie()
        cookie[name] = "1"
        response.headers.add("Set-Cookie", cookie[name].OutputString())
    return response


@app.route("disabled")
def disabled(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("must not answer")


@app.route("context")
async def with_context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return described(
        req, function=context.function_name, directory=context.function_directory, id=context.invocation_id
    )


@web.get("/api/fast/{name:path}")
def fast(name: str, q: int) -> dict[str, object]:
    return {"name": name, "q": q}


@app.route("fast/{*path}")
@app.durable_client_input("client")
async def zz_fast(req: func.HttpRequest, context: func.Context, client) -> func.HttpResponse:
    return await func.AsgiMiddleware(web).handle_async(req, context)
