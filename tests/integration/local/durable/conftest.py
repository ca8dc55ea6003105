import asyncio
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from local.functions_host.durable.engine import DurableEngine


def _sibling(name: str):
    """Test folders are no packages; the child of the crash test shares these modules as well."""
    spec = importlib.util.spec_from_file_location(f"durable_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


DirectRunner = _sibling("direct_runner").DirectRunner
SampleApp = _sibling("sample_app")


@pytest.fixture
def make_engine(tmp_path):
    """Makes engines for an app; `await engine.start()` and `stop()` are the caller's."""

    def make(app, **options):
        runner = DirectRunner(app)
        store = options.pop("store", tmp_path / "hub.db")
        engine = DurableEngine(store=store, runner=runner, functions=runner.registered(), **options)
        return engine, runner

    return make


@pytest.fixture
def sample_app():
    return SampleApp.build()


@pytest.fixture(params=[1, 32, None], ids=["batch=1", "batch=32", "batch=all"])
async def durable(request, make_engine, sample_app):
    """A running engine with the sample app, and what a test does with it."""
    engine, runner = make_engine(sample_app, batch=request.param)
    await engine.start()
    yield Driver(engine, runner)
    await engine.stop(drain_seconds=2)


class Driver:
    def __init__(self, engine, runner) -> None:
        self.engine, self.runner = engine, runner

    async def start(self, name, given=None, instance_id=None):
        """As the SDK's client: a JSON string that holds JSON."""
        text = None if given is None else json.dumps(json.dumps(given))
        return await self.engine.start_new(name, instance_id, text)

    async def finished(self, instance_id, timeout_seconds=30):
        instance = await self.engine.wait_until_finished(instance_id, timeout_seconds)
        assert instance.status.finished, f"{instance_id} is still {instance.status}"
        return instance

    async def run(self, name, given=None, instance_id=None):
        return await self.finished(await self.start(name, given, instance_id))

    async def until(self, condition):
        return await until(condition)


async def until(condition, timeout_seconds=30):
    """The first true answer of an asynchronous condition."""
    async with asyncio.timeout(timeout_seconds):
        while not (value := await condition()):  # noqa: ASYNC110 - what is asked lives in another thread or process
            await asyncio.sleep(0.005)
    return value


@pytest.fixture(name="until")
def _until():
    return until
