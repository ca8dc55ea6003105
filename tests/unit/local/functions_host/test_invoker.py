import asyncio
from datetime import timedelta

import pytest
from azure.functions.meta import Datum

from local.functions_host.app.errors import AppSettingError
from local.functions_host.app.functions import FunctionRecord
from local.functions_host.worker.invoker import Invoker, Trigger
from local.functions_host.worker.worker import DirectWorker

pytestmark = pytest.mark.unit

SCRIPT = """
import asyncio
import azure.functions as func
import azure.durable_functions as df

app = df.DFApp()

@app.activity_trigger("value")
def add_one(value: int) -> int:
    return value + 1

@app.activity_trigger("value")
async def endless(value: int) -> int:
    await asyncio.sleep(3600)

@app.timer_trigger("timer", schedule="0 0 0 1 1 *")
def returns(timer: func.TimerRequest):
    return "something"
"""


@pytest.fixture
async def make_invoker(tmp_path):
    """An invoker over a real worker with the script above."""
    script = f"app_{tmp_path.name.replace('-', '_')}.py"
    (tmp_path / script).write_text(SCRIPT)
    worker = DirectWorker(tmp_path, {"PYTHON_SCRIPT_FILE_NAME": script})
    records = {record.name: record for record in worker.index()}

    def make(limit: timedelta | None = None) -> tuple[Invoker, dict[str, FunctionRecord]]:
        return Invoker(worker, list(records.values()), limit, lambda: "{}"), records

    yield make
    worker.stop()


async def test_activity_is_run_by_name_with_json_in_and_out(make_invoker):
    invoker, _ = make_invoker()
    assert (await invoker.run("add_one", "41")).return_value == "42"


async def test_function_that_runs_longer_than_the_limit_is_given_up(make_invoker):
    invoker, _ = make_invoker(timedelta(milliseconds=50))
    outcome = await invoker.run("endless", "1")
    assert not outcome.succeeded
    assert outcome.error.startswith("FunctionTimeoutException: endless ran longer than functionTimeout (0.05 s)")


async def test_result_without_a_return_binding_fails_the_invocation(make_invoker):
    invoker, records = make_invoker()
    outcome = await invoker.invoke(records["returns"], Trigger(Datum(type="json", value="{}")))
    assert outcome.error.startswith("RuntimeError: function 'returns' without a $return binding")


async def test_drain_waits_and_then_cancels(make_invoker):
    invoker, _ = make_invoker()
    endless = asyncio.create_task(invoker.run("endless", "1"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await invoker.drain(seconds=0.01)
    with pytest.raises(asyncio.CancelledError):
        await endless


@pytest.mark.parametrize("count", ["0", "many", "-1"])
def test_thread_count_that_is_no_number_is_refused(tmp_path, count):
    with pytest.raises(AppSettingError, match="PYTHON_THREADPOOL_THREAD_COUNT"):
        DirectWorker(tmp_path, {"PYTHON_THREADPOOL_THREAD_COUNT": count})
