"""Timer functions, one for each habit of the timer trigger that the tests name."""

import time

import azure.durable_functions as df
import azure.functions as func
from notes import note

app = df.DFApp()
YEARLY = "0 0 0 1 1 *"


@app.timer_trigger("timer", schedule="%EVERY%")
@app.durable_client_input("client")
async def each_second(timer: func.TimerRequest, client) -> None:
    note("each_second", past_due=timer.past_due, status=timer.schedule_status, hub=len(await client.get_status_all()))
    raise ValueError("the next run comes all the same")


@app.timer_trigger("timer", schedule="* * * * * *")
def slower_than_its_schedule(timer: func.TimerRequest) -> None:
    started = time.time()
    time.sleep(1.2)
    note("slower_than_its_schedule", started=started, ended=time.time())


@app.timer_trigger("timer", schedule=YEARLY, run_on_startup=True)
def at_start(timer: func.TimerRequest) -> None:
    note("at_start", past_due=timer.past_due)


@app.timer_trigger("timer", schedule=YEARLY)
def missed(timer: func.TimerRequest) -> None:
    note("missed", past_due=timer.past_due, status=timer.schedule_status)


@app.timer_trigger("timer", schedule=YEARLY)
def changed(timer: func.TimerRequest) -> None:
    note("changed")


@app.timer_trigger("timer", schedule=YEARLY, use_monitor=False)
def unwatched(timer: func.TimerRequest) -> None:
    note("unwatched", status=timer.schedule_status)
