"""`python -m scorer_container.node`: runs one node until SIGTERM, or until its standard input ends.

Standard input counts only when it is a pipe: whoever started the node has then died or let go of it.
"""

import os
import signal
import stat
import sys
import threading

from scorer_container.node.node import Node
from scorer_container.node.settings import NodeSettings
from shared.settings import SettingsError
from shared.storage.account import workspace_account

_SETTINGS_EXIT_CODE = 2


def main() -> int:
    """Run the node; returns the exit code."""
    leaving = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leaving.set())
    try:
        node = Node(NodeSettings.from_environment(), workspace_account(), leaving)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return _SETTINGS_EXIT_CODE
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_leave_at_end_of_input, args=(leaving,), name="stdin", daemon=True).start()
    node.run()
    return 0


def _leave_at_end_of_input(leaving: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    leaving.set()


if __name__ == "__main__":
    sys.exit(main())
