"""`--set` of an invocation: what a job may do otherwise than its deployment."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from cli.deploy.property_changes import parse_assignment
from cli.output.errors import UsageError, did_you_mean
from cli.output.field_names import name_in_files
from cli.yaml_files.plain_text import PlainText
from shared.contracts.bodies import duration_text

Convert = Callable[[str, Any], Any]


def _text(key: str, value: Any) -> str:
    return str(value)


def _whole(key: str, value: Any) -> int:
    number = value.number if isinstance(value, PlainText) else value
    if not isinstance(number, int) or isinstance(number, bool):
        raise UsageError(f"--set {key}={value} is not a whole number")
    return number


def _duration(key: str, value: Any) -> str:
    """Seconds, or an ISO 8601 duration as it is."""
    return str(value) if isinstance(value, str) and value[:1] in "pP" and value else duration_text(_whole(key, value))


def _action(key: str, value: Any) -> str:
    actions = {"append_row": "AppendRow", "summary_only": "SummaryOnly"}
    if value not in actions:
        raise UsageError(f"--set {key}={value} is not known", hint="Use append_row or summary_only")
    return actions[str(value)]


@dataclass(frozen=True)
class Override:
    """Where a value goes in the body, and how it is written there."""

    member: str
    """Dotted path below `properties`."""
    convert: Convert = _text


OVERRIDES = {
    "mini_batch_size": Override("miniBatchSize", _whole),
    "instance_count": Override("compute.instanceCount", _whole),
    "compute.instance_count": Override("compute.instanceCount", _whole),
    "resources.instance_count": Override("compute.instanceCount", _whole),
    "max_concurrency_per_instance": Override("maxConcurrencyPerInstance", _whole),
    "error_threshold": Override("errorThreshold", _whole),
    "retry_settings.max_retries": Override("retrySettings.maxRetries", _whole),
    "retry_settings.timeout": Override("retrySettings.timeout", _duration),
    "init_timeout": Override("initTimeout", _duration),
    "logging_level": Override("loggingLevel"),
    "output_action": Override("outputAction", _action),
    "output_file_name": Override("outputFileName"),
    "display_name": Override("displayName"),
    "description": Override("description"),
    "experiment_name": Override("experimentName"),
    "name": Override("name"),
}
MAPPINGS = {"tags": "tags", "properties": "properties", "environment_variables": "environmentVariables"}
"""Keys below these are the user's own."""


def set_override(body: dict[str, Any], assignment: str, *, as_text: bool = False) -> None:
    """Put `key=value` into the body; raises UsageError that lists what can be set."""
    keys, value = parse_assignment(assignment, as_text=as_text)
    name = ".".join(keys)
    if keys[0] in MAPPINGS and len(keys) > 1:
        put(body, [MAPPINGS[keys[0]], ".".join(keys[1:])], _text(name, value))
        return
    override = OVERRIDES.get(name.removeprefix("settings."))
    if override is None:
        known = [*OVERRIDES, *(f"{mapping}.<key>" for mapping in MAPPINGS)]
        near = did_you_mean(name_in_files(name.removeprefix("settings.")), known)
        raise UsageError(
            f"--set {name!r} cannot be overridden by a job", hint=" ".join([*near, f"Known are {', '.join(known)}"])
        )
    put(body, override.member.split("."), override.convert(name, value))


def put_override(body: dict[str, Any], key: str, value: Any) -> None:
    """Put the value of the option for `key` into the body."""
    override = OVERRIDES[key]
    put(body, override.member.split("."), override.convert(key, value))


def put_webhook(body: dict[str, Any], pair: str) -> None:
    """Put `name=url` into the body; raises UsageError."""
    name, separator, url = pair.partition("=")
    if not separator or not name or not url:
        raise UsageError(
            f"--webhook {pair!r} is not NAME=URL", hint="For example: --webhook ops=https://ops.example/jobs"
        )
    put(body, ["notificationSetting", "webhooks", name], {"webhookType": "CloudEvents", "url": url})


def put(body: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set a nested member, making the mappings on the way."""
    for key in keys[:-1]:
        body = body.setdefault(key, {})
    body[keys[-1]] = value


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
