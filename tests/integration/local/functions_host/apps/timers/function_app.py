"""Timer functions, one for each habit of the timer trigger that the tests name."""

import time

import azure.durable_functions as df
import azure.functions as func
from notes import note

app = df.DFApp()


@app.timer_trigger("timer", schedule="%EVERY%", use_monitor=False)
@app.durable_client_input("client")
async def each_second(timer: func.TimerRequest, client) -> None:
    known = bool(await client.get_status("nobody"))
    note("each_second", past_due=timer.past_due, status=timer.schedule_status, known=known)
    raise ValueError("the next run comes all the same")


@app.timer_trigger("timer", schedule="* * * * * *", use_monitor=False)
def slower_than_its_schedule(timer: func.TimerRequest) -> None:
    started = time.time()
    time.sleep(1.2)
    note("slower_than_its_schedule", started=started, ended=time.time())
