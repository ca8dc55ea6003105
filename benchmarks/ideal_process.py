"""One process of the ideal loop: `python -m benchmarks.ideal_process SPEC`, started by `benchmarks.ideal`.

Makes itself ready, says so, and at a line on its standard input does its share in a plain loop.
"""

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Score = Callable[[list[str]], str]
"""Gives the output lines of one mini-batch."""


def main(argument: str) -> None:
    """Run the share that `argument` (JSON) describes and print what it took."""
    share = json.loads(argument)
    score = _mlflow(share["model"]) if share["is_mlflow"] else _script(share["code"])
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu_began = time.perf_counter(), time.process_time()
    with Path(share["output"]).open("w", encoding="utf-8") as output:
        for mini_batch in share["mini_batches"]:
            output.write(score(mini_batch))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds}), flush=True)


def _script(folder: str) -> Score:
    spec = importlib.util.spec_from_file_location("score", Path(folder) / "score.py")
    assert spec is not None and spec.loader is not None, "the workload has it"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.init()
    return lambda mini_batch: "".join(f"{line}\n" for line in module.run(mini_batch))


def _mlflow(folder: str) -> Score:
    import mlflow.pyfunc
    import pandas

    model = mlflow.pyfunc.load_model(folder)

    def score(mini_batch: list[str]) -> str:
        return "".join(one(path) for path in mini_batch)

    def one(path: str) -> str:
        predictions = model.predict(pandas.read_csv(path))
        rows = pandas.DataFrame({"row": range(len(predictions)), "prediction": predictions})
        rows["file"] = Path(path).name
        return str(rows.to_csv(index=False, header=False, lineterminator="\n"))

    return score


if __name__ == "__main__":
    main(sys.argv[1])
