"""`python -m scorer_container.node`: runs one node until SIGTERM, or until its standard input ends.

Standard input counts only when it is a pipe: whoever started the node has then died or let go of it.
"""

import asyncio
import logging
import os
import signal
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from scorer_container.node.node import Node
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.account import Account
from shared.observability import names
from shared.observability.telemetry import start_telemetry
from shared.settings import SettingsError, TelemetrySettings
from shared.storage.account import StorageAccount, workspace_account

log = logging.getLogger(__name__)

_SETTINGS_EXIT_CODE = 2
_DEFECT_EXIT_CODE = 70
"""Exit code for a defect of the node; source: EX_SOFTWARE of sysexits.h."""
_THREADS = 32
"""For what blocks: builds, listings, look-ups of names, Parquet, large files. Python's default is 6 on two cores."""
_LEAVE_SECONDS = 25
"""A node that was told to leave is ended by the system after this, whatever it is waiting for."""


def main() -> int:
    """Run the node; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))  # it has not begun: nothing is to be given back
    try:
        settings, account = NodeSettings.from_environment(), workspace_account()
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return _SETTINGS_EXIT_CODE
    _log_to_stderr()
    telemetry = start_telemetry(
        TelemetrySettings.from_environment(os.environ),
        names.NODE_SERVICE,
        settings.node_id,
        {names.COMPUTE: settings.compute, names.NODE: settings.node_id},
    )
    try:
        # Not used as a context: closing the runner would wait for threads that nobody can end.
        asyncio.Runner().run(_run(settings, account))
    except Exception:
        log.critical("the node ends, as it has a defect", exc_info=True)
        return _DEFECT_EXIT_CODE
    finally:
        telemetry.close()
    return 0


async def _run(settings: NodeSettings, storage: StorageAccount) -> None:
    account = Account(storage)
    node = Node(settings, account, on_leaving=_set_alarm)

    def read_input() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            node.leave()

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, "node"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, node.leave)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        loop.add_reader(0, read_input)
    try:
        await node.run()
    finally:
        await account.close()


def _set_alarm() -> None:
    signal.alarm(_LEAVE_SECONDS)


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    logging.getLogger("scorer_container").setLevel(logging.INFO)


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    os._exit(code)  # not sys.exit: it would wait for threads that nobody can end
