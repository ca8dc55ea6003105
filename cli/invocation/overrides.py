"""Overrides: the options and `--set` that change a deployment's settings for one job."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from cli.deploy.property_changes import parse_assignment
from cli.output.errors import UsageError, did_you_mean
from cli.output.field_names import name_in_files
from shared.contracts.settings_table import JOB_SETTINGS, Setting, put, wire_keys

Convert = Callable[[str, Any], Any]


def _text(key: str, value: Any) -> str:
    return str(value)


def _given(key: str, value: Any) -> str:
    if not value:
        raise UsageError(f"--set {key}= has an empty value", hint="Give a value, or leave the option out")
    return str(value)


def _whole(key: str, value: Any) -> int:
    from cli.yaml_files.plain_text import PlainText

    number = value.number if isinstance(value, PlainText) else value
    if not isinstance(number, int) or isinstance(number, bool):
        raise UsageError(f"--set {key}={value} is not a whole number")
    return number


def _duration(key: str, value: Any) -> str:
    """Return an ISO 8601 duration unchanged, and seconds as one."""
    from shared.contracts.bodies import duration_text

    return str(value) if isinstance(value, str) and value[:1] in "pP" and value else duration_text(_whole(key, value))


def _word(setting: Setting) -> Convert:
    """Return a function that reads one of the setting's words, in any case."""

    def arm_spelling(key: str, value: Any) -> Any:
        if str(value).lower() not in setting.words:
            words = f"{', '.join(setting.words[:-1])} or {setting.words[-1]}"
            raise UsageError(f"--set {key}={value} is not known", hint=f"Use {words}")
        return setting.type(value).value

    return arm_spelling


@dataclass(frozen=True)
class Override:
    """The place of a value in the body, and its conversion."""

    member: tuple[str, ...]
    """Keys below `properties`."""
    convert: Convert = _text


def _override(setting: Setting) -> Override:
    keys = tuple(wire_keys(setting.job_member))
    if setting.words:
        return Override(keys, _word(setting))
    return Override(keys, {int: _whole, float: _duration}.get(setting.type, _text))


_SINGLE = tuple(setting for setting in JOB_SETTINGS if setting.type is not dict)
_OF_MANY = tuple(setting for setting in JOB_SETTINGS if setting.type is dict)
OVERRIDES = {place: _override(setting) for setting in _SINGLE for place in (setting.key, *setting.older)} | {
    "display_name": Override(("displayName",)),
    "description": Override(("description",)),
    "experiment_name": Override(("experimentName",)),
    "name": Override(("name",), _given),
}
MAPPINGS = {"tags": "tags", "properties": "properties"} | {
    setting.key: ".".join(wire_keys(setting.job_member)) for setting in _OF_MANY
}
"""Mappings whose keys the user chooses, with their places in the body."""


def set_override(body: dict[str, Any], assignment: str, *, as_text: bool = False) -> None:
    """Put `key=value` into the body. Raise UsageError that lists the known keys."""
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
    put(body, list(override.member), override.convert(name, value))


def put_override(body: dict[str, Any], key: str, value: Any) -> None:
    """Put the value of the option for `key` into the body."""
    if (override := OVERRIDES.get(key)) is None:
        raise UsageError(f"{key!r} cannot be overridden by a job", hint="Set it for the deployment")
    put(body, list(override.member), override.convert(key, value))


def put_webhook(body: dict[str, Any], pair: str) -> None:
    """Put `name=url` into the body. Raise UsageError for another form."""
    name, separator, url = pair.partition("=")
    if not separator or not name or not url:
        raise UsageError(
            f"--webhook {pair!r} is not NAME=URL", hint="For example: --webhook ops=https://ops.example/jobs"
        )
    put(body, ["notificationSetting", "webhooks", name], {"webhookType": "CloudEvents", "url": url})


def _option_type(setting: Setting) -> Any:
    if setting.words:
        return click.Choice(setting.words, case_sensitive=False)
    return str if setting.type is str else click.IntRange(min=1 if setting.is_duration else setting.at_least)


_OPTIONS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    *((item.key, item.options, {"type": _option_type(item), "help": item.help}) for item in _SINGLE),
    ("name", ("--job-name",), {"help": "Name of the job; the same name gives the same job."}),
    ("display_name", ("--display-name",), {"help": "Name of the job in lists and pages."}),
    ("description", ("--description",), {"help": "A description of the job."}),
    ("experiment_name", ("--experiment-name",), {"help": "Experiment of the job; by default the endpoint's name."}),
)
_MAPPINGS = (
    ("tags", "--tags", "A tag of the job; repeatable."),
    *((item.key, item.options[-1], f"{item.help.rstrip('.')}; repeatable.") for item in _OF_MANY),
)


_NAME = "name"
"""The option for the name of one job. The service names the jobs of schedules and triggers."""


def override_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that override settings of one job. The function gets `body`, the request's properties."""
    return _with_options(function, _OPTIONS)


def repeated_override_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the same options without the name, for schedules and triggers, which start many jobs."""
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
        for mapping, option, _ in _MAPPINGS:
            for pair in options.pop(_parameter(mapping)):
                _check_pair(option, pair)
                set_override(body, f"{mapping}.{pair}", as_text=True)
        return function(*arguments, body=body, **options)

    command: Callable[..., Any] = click.option(
        "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Override, e.g. retry_settings.timeout=60."
    )(run)
    command = click.option(
        "--webhook",
        "webhooks",
        multiple=True,
        metavar="NAME=URL",
        help="A receiver to notify when the job ends; repeatable.",
    )(command)
    for mapping, name, text in reversed(_MAPPINGS):
        command = click.option(name, _parameter(mapping), multiple=True, metavar="KEY=VALUE", help=text)(command)
    for key, names, details in reversed(single):
        command = click.option(*names, _parameter(key), **details)(command)
    return command


def _check_pair(option: str, pair: str) -> None:
    if pair.find("=") < 1:
        raise UsageError(f"{option} {pair!r} is not KEY=VALUE", hint=f"For example: {option} team=blue")


def _parameter(key: str) -> str:
    return f"override_{key.replace('.', '_')}"
