"""What a job may do otherwise than its deployment: one option for each, and `--set` for all."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

_POSITIVE = click.IntRange(min=1)

_OPTIONS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("mini_batch_size", ("-m", "--mini-batch-size"), {"type": _POSITIVE, "help": "Files given to one call of run()."}),
    ("instance_count", ("-c", "--instance-count"), {"type": _POSITIVE, "help": "Nodes for this job."}),
    (
        "max_concurrency_per_instance",
        ("--max-concurrency-per-instance",),
        {"type": _POSITIVE, "help": "Scoring processes on each node."},
    ),
    ("retry_settings.max_retries", ("--max-retries",), {"type": click.IntRange(min=0), "help": "Tries of run()."}),
    ("retry_settings.timeout", ("--timeout",), {"type": _POSITIVE, "help": "Seconds that one run() may take."}),
    ("init_timeout", ("--init-timeout",), {"type": _POSITIVE, "help": "Seconds that loading the model may take."}),
    (
        "error_threshold",
        ("--error-threshold",),
        {"type": click.IntRange(min=-1), "help": "Stop when more files failed; -1 never."},
    ),
    (
        "logging_level",
        ("--logging-level",),
        {"type": click.Choice(["warning", "info", "debug"], case_sensitive=False), "help": "How much is logged."},
    ),
    (
        "output_action",
        ("--output-action",),
        {"type": click.Choice(["append_row", "summary_only"]), "help": "What becomes of the results of run()."},
    ),
    ("output_file_name", ("--output-file-name",), {"help": "Name of the output file."}),
    ("name", ("--job-name",), {"help": "Name of the job; the same name gives the same job."}),
    ("display_name", ("--display-name",), {"help": "What lists and pages call the job."}),
    ("description", ("--description",), {"help": "A description of the job."}),
    ("experiment_name", ("--experiment-name",), {"help": "By default the endpoint's name."}),
)
_MAPPINGS = (
    ("tags", "--tags", "A tag of the job; repeatable."),
    ("environment_variables", "--environment-variables", "For the scoring script; repeatable."),
)


_NAME = "name"
"""Only of one job: those of schedules and triggers are named by the service."""


def override_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the function the overrides of one job as `body`: members of the request's properties."""
    return _with_options(function, _OPTIONS)


def repeated_override_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for what starts many jobs, so without a name."""
    return _with_options(function, tuple(option for option in _OPTIONS if option[0] != _NAME))


def _with_options(
    function: Callable[..., Any], single: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...]
) -> Callable[..., Any]:

    @wraps(function)
    def run(*arguments: Any, assignments: tuple[str, ...], webhooks: tuple[str, ...], **options: Any) -> Any:
        from cli.invocation.overrides import put_override, put_webhook, set_override

        body: dict[str, Any] = {}
        for pair in webhooks:
            put_webhook(body, pair)
        for assignment in assignments:
            set_override(body, assignment)
        for key, _, _ in single:
            if (value := options.pop(_parameter(key))) is not None:
                put_override(body, key, value)
        for mapping, _, _ in _MAPPINGS:
            for pair in options.pop(_parameter(mapping)):
                set_override(body, f"{mapping}.{pair}", as_text=True)
        return function(*arguments, body=body, **options)

    command: Callable[..., Any] = click.option(
        "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Override, e.g. retry_settings.timeout=60."
    )(run)
    command = click.option(
        "--webhook", "webhooks", multiple=True, metavar="NAME=URL", help="Who is told of the job's end; repeatable."
    )(command)
    for mapping, name, text in reversed(_MAPPINGS):
        command = click.option(name, _parameter(mapping), multiple=True, metavar="KEY=VALUE", help=text)(command)
    for key, names, details in reversed(single):
        command = click.option(*names, _parameter(key), **details)(command)
    return command


def _parameter(key: str) -> str:
    return f"override_{key.replace('.', '_')}"
