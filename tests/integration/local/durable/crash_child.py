"""A host of its own process for the crash test: runs one orchestration to its end and writes the result."""

import asyncio
import json
import sys
import time
from pathlib import Path

import azure.durable_functions as df
from direct_runner import DirectRunner

from local.functions_host.durable.engine import DurableEngine
from local.functions_host.durable.hub.errors import InstanceNotFoundError


def build(folder: Path) -> df.DFApp:
    app = df.DFApp()

    @app.activity_trigger(input_name="x")
    def work(x: dict) -> int:
        time.sleep(0.003)
        with (folder / "done.log").open("a") as log:
            log.write(f"{x['generation']}:{x['n']}\n")
        return x["n"] * 2

    @app.orchestration_trigger(context_name="context")
    def crunch(context):
        state = context.get_input()
        tasks = [
            context.call_activity("work", {"n": n, "generation": state["left"]}) for n in range(state["activities"])
        ]
        total = state["sum"] + sum((yield context.task_all(tasks)))
        if state["left"] == 1:
            return total
        context.continue_as_new({**state, "left": state["left"] - 1, "sum": total})

    return app


async def main() -> None:
    folder, batch, activities, generations = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    runner = DirectRunner(build(folder))
    engine = DurableEngine(
        store=folder / "hub.db",
        runner=runner,
        functions=runner.registered(),
        batch=None if batch == "all" else int(batch),
        max_activities=4,
    )
    await engine.start()
    try:
        await engine.instance("crunch")
    except InstanceNotFoundError:
        given = {"activities": activities, "left": generations, "sum": 0}
        await engine.start_new("crunch", "crunch", json.dumps(given))
    instance = await engine.wait_until_finished("crunch", 80)
    (folder / "result.json").write_text(json.dumps({"status": instance.status, "output": instance.output}))
    await engine.stop()


if __name__ == "__main__":
    asyncio.run(main())
