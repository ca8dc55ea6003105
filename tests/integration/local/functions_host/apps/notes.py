"""What functions of the test apps leave behind for the tests: one JSON line for each call."""

import json
import os
import threading
from pathlib import Path

_lock = threading.Lock()


def note(function: str, **content: object) -> None:
    folder = Path(os.environ["NOTES"])
    folder.mkdir(parents=True, exist_ok=True)
    with _lock, (folder / f"{function}.jsonl").open("a") as stream:
        stream.write(json.dumps(content, default=str) + "\n")
