"""`make demo`: a service of its own, a real model, real files, the results; then everything is ended again.

Every step is a `bml` command as a user would type it; the service's data and the results lie in `.demo`, or in the
folder of `DEMO_DIR`.
"""

import csv
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BML = Path(sys.executable).with_name("bml")
DEMO = Path(os.environ.get("DEMO_DIR") or ROOT / ".demo").absolute()
SERVICE = DEMO / "service"
RESULTS = DEMO / "results"
EXAMPLE = Path("examples", "heart-classifier")
ROWS_SHOWN = 8
ROWS_EXPECTED = 303


def main() -> int:
    # `make` and CI end a program with SIGTERM; the service must be ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.chdir(ROOT)
    os.environ["BML_DATA_DIR"] = str(SERVICE)
    started = time.monotonic()
    clear()
    try:
        say("Start a service of its own: storage, Functions host, scale set, token issuer")
        bml("local up --detach")
        job = score()
        show_results(job)
    except subprocess.CalledProcessError as failure:
        print(f"\nThe demo failed at `bml {shlex.join(failure.cmd[1:])}`. Logs: {SERVICE / 'logs'}", file=sys.stderr)
        return 1
    finally:
        say("End the service")
        subprocess.run([BML, "local", "down"], check=False)
    print(f"\nDone in {time.monotonic() - started:.0f} seconds. Nothing is left running.")
    print_next_steps()
    return 0


def score() -> str:
    say("A compute that grows from 0 to 2 instances")
    bml(f"compute create --file {EXAMPLE}/compute.yml -o table")
    say("A batch endpoint for an MLflow model: no scoring script, no environment to describe")
    bml(f"endpoint create --type batch --file {EXAMPLE}/endpoint.yml -o table")
    say("Score the files of a local folder: they are uploaded, and a job begins")
    job = bml(
        f"endpoint invoke --name heart-endpoint --type batch --input-local-path {EXAMPLE}/data --query name -o tsv",
        capture=True,
    ).strip()
    print(job)
    say("Follow the job: instances start, every process writes its log")
    bml(f"job stream --name {job}")
    return job


def show_results(job: str) -> None:
    say("Fetch the results")
    bml(f"job download --name {job} --download-path {shown(RESULTS)} -o table")
    predictions = RESULTS / "predictions.csv"
    with predictions.open(newline="") as stream:
        rows = list(csv.reader(stream))
    say(f"The first rows of {shown(predictions)}")
    for row in rows[: ROWS_SHOWN + 1]:
        print(",".join(row))
    print(f"... {len(rows) - 1} patients in all; prediction 1 is a heart disease, 0 is none")
    if len(rows) - 1 != ROWS_EXPECTED:
        sys.exit(f"The demo expected {ROWS_EXPECTED} predictions.")


def clear() -> None:
    """End and remove what a demo that was killed may have left."""
    if (SERVICE / "stack.json").exists():
        subprocess.run([BML, "local", "down"], check=False, stdout=subprocess.DEVNULL)
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)


def shown(path: Path) -> str:
    """Relative to here where that is shorter."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def bml(command: str, *, capture: bool = False) -> str:
    """Show a command and run it."""
    print(f"$ bml {command}", flush=True)
    done = subprocess.run(
        [BML, *shlex.split(command)], check=True, stdout=subprocess.PIPE if capture else None, text=True
    )
    return done.stdout or ""


def say(text: str) -> None:
    print(f"\n# {text}", flush=True)


def print_next_steps() -> None:
    print(
        """
How to go on:
  make up                                 start a service that stays
  export PATH="$PWD/.venv/bin:$PATH"      have `bml` at hand
  bml endpoint create --type batch --file your-endpoint.yml
  README.md                               the tour
  docs/cli.md, docs/yaml.md               every command, every key"""
    )


if __name__ == "__main__":
    sys.exit(main())
