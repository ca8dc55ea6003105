"""`python -m local.functions_host start --app-root DIR --data-dir DIR --port N`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from local.errors import LocalStackError
from local.functions_host.app.config import read_host_config
from local.functions_host.app.functions import Worker
from local.functions_host.app.settings import read_settings
from local.functions_host.durable.hub.errors import DurableError
from local.functions_host.host import DRAIN_SECONDS, Host, HostOptions
from local.functions_host.listeners.queue_listener import LEASE
from local.functions_host.worker.worker import DirectWorker
from local.loopback.certificates import add_certificate_options, given_certificate

_REFUSED = 1

MakeWorker = Callable[[Path, Mapping[str, str]], Worker]


def main(arguments: list[str] | None = None, make_worker: MakeWorker = DirectWorker) -> int:
    """Run the host until it gets a signal. Return 0 after a graceful stop, 1 if the app was refused.

    Args:
        arguments: the arguments of the command line; None means those of the process.
        make_worker: makes the worker for an app folder and its settings.
    """
    given = _parser().parse_args(arguments)
    options = HostOptions(
        app_root=given.app_root.resolve(),
        data_dir=given.data_dir.resolve(),
        port=given.port,
        rpc_port=given.rpc_port,
        batch=given.batch,
        queue_lease=timedelta(seconds=given.queue_lease),
        drain_seconds=given.drain_seconds,
        certificate=given_certificate(given),
    )
    try:
        asyncio.run(_serve(options, make_worker, exit_with_parent=given.exit_with_parent))
    except (LocalStackError, DurableError, OSError) as error:
        print(f"functions host: {error}", file=sys.stderr)
        _leave(_REFUSED)
    _leave(0)
    return 0


async def _serve(options: HostOptions, make_worker: MakeWorker, *, exit_with_parent: bool) -> None:
    settings = read_settings(options.app_root, os.environ)
    os.environ.update(settings)  # the app reads all its settings from there
    os.chdir(options.app_root)  # as Azure's worker does
    _configure_logging(read_host_config(options.app_root, settings).log_level)
    host = Host(options, settings, make_worker(options.app_root, settings))
    stopped = _stop_requests(watch_stdin=exit_with_parent)
    await host.start()
    print(f"Functions host ready: {host.url} ({len(host.app.functions)} functions)", flush=True)
    await stopped.wait()
    logging.getLogger(__name__).info("Stopping")
    await host.stop()


def _stop_requests(*, watch_stdin: bool) -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopped.is_set():  # a second signal ends the host at once
            os._exit(_REFUSED)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if watch_stdin:
        _when_stdin_ends(lambda: loop.call_soon_threadsafe(stopped.set))
    return stopped


def _when_stdin_ends(action: Callable[[], object]) -> None:
    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        action()

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def _configure_logging(level: str) -> None:
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    # The storage client logs every request at INFO.
    logging.getLogger("azure.core.pipeline").setLevel(logging.WARNING)


def _leave(status: int) -> None:
    # A function that blocks its thread would keep the interpreter from ending.
    sys.stdout.flush()
    logging.shutdown()
    if status or any(thread.name.startswith("function") and thread.is_alive() for thread in threading.enumerate()):
        os._exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.functions_host", description="Runs a function app locally.")
    start = parser.add_subparsers(required=True, metavar="command").add_parser("start", help="run until stopped")
    start.add_argument("--app-root", type=Path, required=True, help="folder of function_app.py and host.json")
    start.add_argument("--data-dir", type=Path, required=True, help="where the task hub is kept")
    start.add_argument("--port", type=int, default=7071, help="HTTP port, 0 for a free one (default %(default)s)")
    start.add_argument("--rpc-port", type=int, help="durable RPC port, 0 for a free one (default 17071 or a free one)")
    start.add_argument("--batch", type=_positive, help="events given to an orchestrator at once (default all)")
    start.add_argument(
        "--queue-lease",
        type=_positive,
        default=int(LEASE.total_seconds()),
        metavar="SECONDS",
        help="how long a queue message is hidden between renewals (default %(default)s)",
    )
    start.add_argument(
        "--drain-seconds",
        type=float,
        default=DRAIN_SECONDS,
        help="patience with running functions on a stop (default %(default)s)",
    )
    add_certificate_options(start)
    start.add_argument("--exit-with-parent", action="store_true", help="stop when stdin is closed")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
