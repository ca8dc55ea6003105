"""Queue functions, one for each habit of the queue trigger and output that the tests name."""

import os
import threading
import time
from pathlib import Path

import azure.functions as func
from notes import note

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
STORAGE = "AzureWebJobsStorage"
running = threading.Semaphore(0)


@app.queue_trigger("msg", queue_name="%WORK_QUEUE%", connection=STORAGE)
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
async def late(msg: func.QueueMessage) -> None:
    note("late", text=msg.get_body().decode())


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
