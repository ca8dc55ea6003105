"""The app as the host runs it: settings, host.json, functions and routes, all checked."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.functions_host.app.config import HostConfig, read_host_config
from local.functions_host.app.errors import AppRefusedError, FunctionLoadError, FunctionsHostError
from local.functions_host.app.functions import (
    ACTIVITY_TRIGGER,
    DURABLE_CLIENT,
    HTTP_OUTPUT,
    HTTP_TRIGGER,
    ORCHESTRATION_TRIGGER,
    QUEUE_TRIGGER,
    TIMER_TRIGGER,
    Binding,
    FunctionRecord,
    Worker,
)
from local.functions_host.app.routes import RouteTable, read_routes
from local.functions_host.app.settings import AppSettings
from local.functions_host.app.triggers import queue_of, timer_schedule

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """A function app that can run.

    Attributes:
        functions: all functions except the disabled ones.
        routes: routes of the HTTP functions.
    """

    settings: AppSettings
    config: HostConfig
    functions: Sequence[FunctionRecord]
    routes: RouteTable

    def triggered_by(self, trigger: str) -> list[FunctionRecord]:
        """Return the functions with this type of trigger."""
        return [function for function in self.functions if function.trigger.type == trigger]


def load(app_root: Path, settings: AppSettings, worker: Worker) -> App:
    """Load the app in `app_root`: the worker lists its functions, and the host checks them.

    Raises:
        FunctionsHostError: the app is refused; the message names each reason.
    """
    config = read_host_config(app_root, settings)
    functions = worker.index()
    problems = check_functions(functions, settings)
    routes = read_routes(functions, config.route_prefix, problems)
    if problems:
        raise AppRefusedError(problems)
    for entry in config.ignored:
        log.warning("host.json: ignored %s", entry)
    enabled = [function for function in functions if not settings.is_disabled(function.name)]
    return App(settings, config, enabled, RouteTable(route for route in routes if route.function in enabled))


SUPPORTED: Mapping[str, Mapping[str, object]] = {
    HTTP_TRIGGER: {"route": ..., "methods": ..., "authLevel": "ANONYMOUS"},
    HTTP_OUTPUT: {},
    QUEUE_TRIGGER: {"queueName": ..., "connection": ...},
    TIMER_TRIGGER: {"schedule": ..., "useMonitor": False},
    ORCHESTRATION_TRIGGER: {},
    ACTIVITY_TRIGGER: {},
    DURABLE_CLIENT: {},
}
"""The properties that an app can declare, by type of binding. `...` allows any value."""

_OF_EVERY_BINDING = {"name", "type", "direction"}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)


def check_functions(functions: Sequence[FunctionRecord], settings: AppSettings) -> list[FunctionsHostError]:
    """Return every reason to refuse the app; an empty list if it can run."""
    return [
        problem
        for function in functions
        for problem in (
            *_name_problems(function, functions),
            *(FunctionLoadError(function.name, text) for text in _unsupported(function)),
            *_value_problems(function, settings),
        )
    ]


def _name_problems(function: FunctionRecord, functions: Sequence[FunctionRecord]) -> Iterator[FunctionLoadError]:
    if not _NAME.fullmatch(function.name) or function.name.lower() == "host":
        yield FunctionLoadError(
            function.name, "its name must begin with a letter, have letters, digits, - and _ only, and not be `host`"
        )
    twins = [other.name for other in functions if other.name.lower() == function.name.lower()]
    if len(twins) > 1 and twins[0] != function.name:
        yield FunctionLoadError(function.name, f"its name differs from {twins[0]} by case only")


def _unsupported(function: FunctionRecord) -> Iterator[str]:
    """Name each declaration of the function that `SUPPORTED` does not list."""
    if function.retried:
        yield "@app.retry is not supported by the local host; handle the failure in the function"
    for binding in function.bindings:
        properties = SUPPORTED.get(binding.type)
        if properties is None:
            types = ", ".join(SUPPORTED)
            yield f"binding `{binding.name}` of type {binding.type} is not supported by the local host; it has {types}"
            continue
        for key in (*properties, *sorted(binding.properties.keys() - properties.keys() - _OF_EVERY_BINDING)):
            wanted, given = properties.get(key), binding.properties.get(key)
            if wanted is not ... and given != wanted:
                advice = "leave it out" if key not in properties else f"use {wanted}"
                yield f"{key} {given} of {binding.type} `{binding.name}` is not supported by the local host; {advice}"


def _value_problems(function: FunctionRecord, settings: AppSettings) -> Iterator[FunctionsHostError]:
    for binding in function.bindings:
        try:
            _read_values(binding, settings)
        except (FunctionsHostError, ValueError) as problem:
            yield FunctionLoadError(function.name, str(problem))


def _read_values(binding: Binding, settings: AppSettings) -> None:
    if binding.type == QUEUE_TRIGGER:
        queue_of(binding, settings)
    elif binding.type == TIMER_TRIGGER:
        timer_schedule(binding, settings)
