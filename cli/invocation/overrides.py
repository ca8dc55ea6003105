"""`--set` of an invocation: what a job may do otherwise than its deployment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cli.api.field_names import name_in_files
from cli.deploy.set_option import parse_assignment
from cli.errors import UsageError
from cli.suggestion import did_you_mean
from cli.yaml_files.plain_text import PlainText
from shared.contracts.durations import duration_text

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
        raise UsageError(f"--set {key}={value} is not known", mend="Use append_row or summary_only")
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
            f"--set {name!r} cannot be overridden by a job", mend=" ".join([*near, f"Known are {', '.join(known)}"])
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
            f"--webhook {pair!r} is not NAME=URL", mend="For example: --webhook ops=https://ops.example/jobs"
        )
    put(body, ["notificationSetting", "webhooks", name], {"webhookType": "CloudEvents", "url": url})


def put(body: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set a nested member, making the mappings on the way."""
    for key in keys[:-1]:
        body = body.setdefault(key, {})
    body[keys[-1]] = value
