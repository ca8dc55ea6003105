"""`python -m scorer_container.node`: runs one node until SIGTERM, or until its standard input ends.

Standard input counts only when it is a pipe: whoever started the node has then died or let go of it.
"""

import logging
import os
import signal
import stat
import sys
import threading
import time

from scorer_container.node.node import Node
from scorer_container.node.settings import NodeSettings
from scorer_container.node.vital_thread import die_with_vital_threads
from shared.observability import names
from shared.observability.telemetry import start_telemetry
from shared.settings import SettingsError, TelemetrySettings
from shared.storage.account import workspace_account

_SETTINGS_EXIT_CODE = 2


def main() -> int:
    """Run the node; returns the exit code."""
    leaving = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leaving.set())
    try:
        settings, account = NodeSettings.from_environment(), workspace_account()
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return _SETTINGS_EXIT_CODE
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_leave_at_end_of_input, args=(leaving,), name="stdin", daemon=True).start()
    _log_to_stderr()
    die_with_vital_threads()
    telemetry = start_telemetry(
        TelemetrySettings.from_environment(os.environ),
        names.NODE_SERVICE,
        settings.node_id,
        {names.COMPUTE: settings.compute, names.NODE: settings.node_id},
    )
    try:
        Node(settings, account, leaving).run()
    finally:
        telemetry.close()
    return 0


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    logging.getLogger("scorer_container").setLevel(logging.INFO)


def _leave_at_end_of_input(leaving: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    leaving.set()


if __name__ == "__main__":
    sys.exit(main())
