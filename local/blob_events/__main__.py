"""`python -m local.blob_events`: events of new blobs as a process of its own.

`AzureWebJobsStorage` in its environment is the connection string of the stack's storage.
"""

import argparse
import logging
import sys
from pathlib import Path

from local.blob_events.memory import Memory
from local.blob_events.service import BlobEventsService
from local.blob_events.watcher import Watcher
from local.loopback.serving import serve
from shared.settings import SettingsError
from shared.storage.account import StorageAccount


def main() -> int:
    """Watches until it is told to end; returns the exit code."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        account = StorageAccount.from_environment()
    except SettingsError as problem:
        print(f"blob events: {problem}", file=sys.stderr)
        return 2
    memory = Memory(options.data_dir / "seen.db")
    try:
        watcher = Watcher(account, memory, options.accounts_id)
        serve(BlobEventsService(watcher).application(), options.port, exit_with_parent=options.exit_with_parent)
    finally:
        memory.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.blob_events", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=lambda text: Path(text).absolute(), required=True)
    parser.add_argument("--accounts-id", required=True, help="resource id up to the storage account's name")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin, a pipe, is closed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
