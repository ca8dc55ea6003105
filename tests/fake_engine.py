"""A stand-in for podman: `run` runs the program itself, with the descriptors that `--preserve-fds` would pass on.

Every call is noted in `calls.jsonl` beside it. Like podman it keeps a record of each named container, and `rm` ends it.
"""

import json
import os
import signal
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
WITH_VALUE = ("--workdir=", "--env=", "--preserve-fds=", "--name=")


def main() -> int:
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    verb, *rest = sys.argv[1:]
    return {"run": run, "rm": remove, "pull": pull, "login": log_in}[verb](rest)


def pull(rest: list[str]) -> int:
    if "missing" in rest[-1]:
        print("Error: manifest unknown", file=sys.stderr)
        return 125
    print("sha256:" + "5" * 64)
    return 0


def log_in(_rest: list[str]) -> int:
    (FOLDER / "password").write_text(sys.stdin.read())
    return 0


def remove(rest: list[str]) -> int:
    record = FOLDER / f"{rest[-1]}.pid"
    if record.exists():
        os.killpg(int(record.read_text()), signal.SIGKILL)
    return 0


def run(rest: list[str]) -> int:
    options = [part for part in rest if part.startswith("--")]
    values = {name: [part[len(name) :] for part in options if part.startswith(name)] for name in WITH_VALUE}
    first = next(number for number, part in enumerate(rest) if not part.startswith("-"))
    program = [part for part in rest[first + 1 :] if part != "--managed-python"]  # this machine's own serves the tests
    kept = 3 + int((values["--preserve-fds="] or ["0"])[0])
    environment = {"PATH": os.environ["PATH"], **dict(part.split("=", 1) for part in values["--env="])}
    child = os.fork()
    if child == 0:
        os.setsid()
        os.closerange(kept, 1024)
        for descriptor in range(3, kept):
            os.set_inheritable(descriptor, True)
        if values["--workdir="]:
            os.chdir(values["--workdir="][0])
        os.execvpe(program[0], program, environment)
    os.closerange(3, kept)
    (FOLDER / f"{values['--name='][0]}.pid").write_text(str(child))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
