"""Queue functions, one for each habit of the queue trigger and output that the tests name."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import List  # noqa: UP035 - the SDK refuses list[str]

import azure.functions as func
from notes import note

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
STORAGE = "AzureWebJobsStorage"
running = threading.Semaphore(0)


@app.queue_trigger("msg", queue_name="%WORK_QUEUE%", connection=STORAGE)
@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:01")
def work(msg: func.QueueMessage) -> None:
    text = msg.get_body().decode()
    note(
        "work",
        text=text,
        id=msg.id,
        dequeue_count=msg.dequeue_count,
        pop_receipt=msg.pop_receipt,
        inserted=msg.insertion_time,
        expires=msg.expiration_time,
        visible=msg.time_next_visible,
    )
    if text.startswith("fail"):
        raise ValueError(text)


@app.queue_trigger("msg", queue_name="%LATE_QUEUE%", connection=STORAGE)
async def late(msg: str) -> None:
    note("late", text=msg)


@app.queue_trigger("msg", queue_name="%WORK_QUEUE%-poison", connection=STORAGE)
def poisoned(msg: func.QueueMessage) -> None:
    text = msg.get_body().decode(errors="replace")
    note("poisoned", text=text)
    if text == "fail in poison":
        raise ValueError(text)


@app.queue_trigger("msg", queue_name="%SLOW_QUEUE%", connection=STORAGE)
def slow(msg: func.QueueMessage) -> None:
    running.release()
    note("slow", text=msg.get_body().decode(), at_once=running._value, dequeue_count=msg.dequeue_count)
    gate = Path(os.environ["NOTES"], msg.get_body().decode())
    deadline = time.monotonic() + 30
    while not gate.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    running.acquire()


@app.route("send/one", methods=["POST"])
@app.queue_output("out", queue_name="%OUT_QUEUE%", connection=STORAGE)
def send_one(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.route("send/bytes", methods=["POST"])
@app.queue_output("out", queue_name="%OUT_QUEUE%", connection=STORAGE)
def send_bytes(req: func.HttpRequest, out: func.Out[bytes]) -> func.HttpResponse:
    out.set(req.get_body())
    return func.HttpResponse(status_code=202)


@app.route("send/many", methods=["POST"])
@app.queue_output("out", queue_name="%OUT_QUEUE%", connection=STORAGE)
async def send_many(
    req: func.HttpRequest,
    out: func.Out[List[str]],  # noqa: UP006 - the SDK refuses list[str]
) -> func.HttpResponse:
    out.set(req.get_json())
    await asyncio.sleep(0)
    return func.HttpResponse(status_code=202)


@app.route("send/nothing", methods=["POST"])
@app.queue_output("out", queue_name="%OUT_QUEUE%", connection=STORAGE)
def send_nothing(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    return func.HttpResponse(status_code=202)


@app.queue_trigger("msg", queue_name="%CHAIN_QUEUE%", connection=STORAGE)
@app.queue_output("$return", queue_name="%OUT_QUEUE%", connection=STORAGE)
def chain(msg: func.QueueMessage) -> str:
    return "chained " + msg.get_body().decode()
