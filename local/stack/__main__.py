"""`python -m local.stack up|down|status`: the local stack without the CLI."""

import argparse
import json
import sys
from pathlib import Path

from local import stack
from local.data_folder.layout import open_data_folder
from local.errors import LocalStackError
from local.stack.inspection import SUPERVISOR, Condition, StackStatus
from local.stack.lifecycle import Outcome, Report, send_report
from local.stack.options import REPOSITORY_ROOT, StackOptions, default_data_dir
from local.stack.supervising import log_to, supervise

_LAST_PORT = 65535
_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except LocalStackError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1


def _up(arguments: argparse.Namespace) -> int:
    stack.up(_stack_options(arguments), on_ready=lambda status: print(_as_text(status), flush=True))
    return 0


def _down(arguments: argparse.Namespace) -> int:
    before = stack.down(arguments.data_dir)
    ended = [f"{process.name} (pid {process.pid})" for process in before.processes if process.pid]
    print(f"ended: {', '.join(ended)}" if ended else "nothing was running")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    status = stack.status(arguments.data_dir)
    print(json.dumps(status.as_json(), indent=2) if arguments.output == "json" else _as_text(status))
    return 0 if status.state is Condition.RUNNING else 3


def _supervise(arguments: argparse.Namespace) -> int:
    """Run the background half of `up --detach`."""
    options = _stack_options(arguments)
    log_to(open_data_folder(options.data_dir).log(SUPERVISOR), also_to_stderr=False)
    told = False

    def tell(report: Report) -> None:
        nonlocal told
        if not told:
            told = True
            send_report(arguments.report_to, report)

    try:
        if not supervise(options, lambda: tell(Report(Outcome.READY))):
            tell(Report(Outcome.TAKEN))
    except LocalStackError as problem:
        tell(Report(Outcome.FAILED, str(problem)))
        return 1
    return 0


def _stack_options(arguments: argparse.Namespace) -> StackOptions:
    return StackOptions(
        data_dir=arguments.data_dir,
        port=arguments.port,
        azurite_blob_port=arguments.azurite_blob_port,
        azurite_queue_port=arguments.azurite_queue_port,
        azurite_table_port=arguments.azurite_table_port,
        https=arguments.https,
        detach=getattr(arguments, "detach", False),
        app_root=arguments.app_root,
    )


def _as_text(status: StackStatus) -> str:
    addresses = {
        "state": status.state.value,
        "data folder": status.data_dir,
        "management": status.management_url,
        "scoring": status.scoring_url,
        "blob": status.blob_url,
        "queue": status.queue_url,
        "table": status.table_url,
        "token": status.token_url,
        "workspace": f"/subscriptions/{status.subscription_id}/{status.resource_group}/{status.workspace}",
    }
    lines = [f"{name:12} {value}" for name, value in addresses.items()]
    lines += [f"{one.name:24} {one.state.value:10} {one.pid or '-'}" for one in status.processes]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start the stack, or bring back what is missing")
    _add_start_options(up)
    up.add_argument("--detach", action="store_true", help="return when everything is healthy")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help="end every process of the stack")
    _add_data_dir(down)
    down.set_defaults(run=_down)
    status = commands.add_parser("status", help="addresses and processes; exit code 3 when not all is running")
    _add_data_dir(status)
    status.add_argument("-o", "--output", choices=("text", "json"), default="text")
    status.set_defaults(run=_status)
    supervise_command = commands.add_parser("supervise")
    _add_start_options(supervise_command)
    supervise_command.add_argument("--report-to", type=int, required=True, metavar="FD")
    supervise_command.set_defaults(run=_supervise)
    return parser


def _add_start_options(parser: argparse.ArgumentParser) -> None:
    _add_data_dir(parser)
    parser.add_argument("--port", type=_port, help="the Functions host")
    for service in ("blob", "queue", "table"):
        parser.add_argument(f"--azurite-{service}-port", type=_port)
    parser.add_argument("--https", action=argparse.BooleanOptionalAction, help="speak TLS")
    parser.add_argument("--app-root", type=Path, default=REPOSITORY_ROOT, help="the folder of function_app.py")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to {_LAST_PORT} is accepted")
    return int(text)


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", type=Path, default=default_data_dir())


if __name__ == "__main__":
    sys.exit(main())
