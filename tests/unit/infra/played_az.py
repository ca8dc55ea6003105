"""Plays `az`: notes how it is called, and prints the answers of a test in the form in which the real one prints them.

A test writes the file that `AZ_ANSWERS` names: a list of answers, each `{"to": words of the command, ...}` with

* `result`: what the command returns, before `--query`, or `prints`: a text that it prints past all of that;
* `stderr` and `code`: what it says and how it ends; and `times`: after so many calls the next answer for the command
  counts.

A call without an answer ends with an error. `--query` is JMESPath, and the rows of `--output tsv` are those of knack
0.14's `_TsvOutput`: each item of a list is a line, a list in a list has its items side by side, null alone prints
nothing, and null in a row prints `None`. (Source: knack/output.py, knack/query.py.)
"""

import fcntl
import json
import os
import shutil
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import jmespath


def printed(result: Any, query: str = "", output: str = "json") -> str:
    """Return what `az` prints of a result."""
    if query:
        result = jmespath.search(query, result, jmespath.Options(OrderedDict))
    if result is None or output == "none":
        return ""
    if output == "tsv":
        return "".join(f"{_row(item)}\n" for item in (result if isinstance(result, list) else [result]))
    return json.dumps(result, indent=2) + "\n"


def _row(item: Any) -> str:
    if isinstance(item, list | dict):
        return "\t".join(map(_cell, item.values() if isinstance(item, dict) else item))
    return str(item).lower() if isinstance(item, bool) else _cell(item)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, dict) else str(value)


def _option(name: str, arguments: list[str], default: str = "") -> str:
    return arguments[arguments.index(name) + 1] if name in arguments else default


def _answer(called: str) -> dict[str, Any]:
    """Take the first answer for the command that is not used up."""
    path = Path(os.environ["AZ_ANSWERS"])
    with path.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        answers = json.load(file)
        for answer in answers:
            if called.startswith(answer["to"]) and answer.get("times", 1):
                if "times" in answer:
                    answer["times"] -= 1
                    file.seek(0)
                    file.truncate()
                    json.dump(answers, file)
                return dict(answer)
    return {"stderr": f"no answer is played for: az {called}", "code": 99}


def main(arguments: list[str]) -> int:
    """Answer one call; the exit code."""
    called = " ".join(arguments)
    with Path(os.environ["CALLED"]).open("a", encoding="utf-8") as file:
        file.write(called.replace("\n", "\\n") + "\n")
    for argument in arguments:
        if argument.startswith("@"):  # a file of parameters, which the script removes
            shutil.copy(argument[1:], os.environ["LAST"])
    answer = _answer(called)
    query, output = _option("--query", arguments), _option("--output", arguments, "json")
    sys.stdout.write(answer["prints"] if "prints" in answer else printed(answer.get("result"), query, output))
    sys.stderr.write(answer.get("stderr", ""))
    return int(answer.get("code", 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
