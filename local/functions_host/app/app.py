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
    QUEUE_OUTPUT,
    QUEUE_TRIGGER,
    RETURN_BINDING,
    TIMER_TRIGGER,
    Binding,
    FunctionRecord,
)
from local.functions_host.app.invocation import Worker
from local.functions_host.app.routes import RouteTable, read_routes
from local.functions_host.app.settings import AppSettings
from local.functions_host.app.triggers import queue_of, timer_schedule

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """A function app that can run.

    Attributes:
        functions: all functions; disabled ones are not among them.
        routes: routes of the HTTP functions.
    """

    settings: AppSettings
    config: HostConfig
    functions: Sequence[FunctionRecord]
    routes: RouteTable

    def triggered_by(self, trigger: str) -> list[FunctionRecord]:
        """The functions with this type of trigger."""
        return [function for function in self.functions if function.trigger.type == trigger]

    @property
    def by_name(self) -> Mapping[str, FunctionRecord]:
        """The functions by lower-case name."""
        return {function.name.lower(): function for function in self.functions}


def load(app_root: Path, settings: AppSettings, worker: Worker) -> App:
    """The app in `app_root`, indexed by the worker and checked by the host's rules.

    Raises:
        FunctionsHostError: the app is refused; the message names each reason.
    """
    config = read_host_config(app_root, settings)
    functions = worker.index()
    problems = check_functions(functions, config, settings)
    routes = read_routes(functions, config.route_prefix, problems)
    if problems:
        raise AppRefusedError(problems)
    for warning in (*(f"host.json: ignored {entry}" for entry in config.ignored), *retry_warnings(functions)):
        logger.warning("%s", warning)
    enabled = [function for function in functions if not settings.is_disabled(function.name)]
    return App(settings, config, enabled, RouteTable(route for route in routes if route.function in enabled))


TRIGGERS = (HTTP_TRIGGER, QUEUE_TRIGGER, TIMER_TRIGGER, ORCHESTRATION_TRIGGER, ACTIVITY_TRIGGER)
OTHER_BINDINGS = (DURABLE_CLIENT, HTTP_OUTPUT, QUEUE_OUTPUT)
AUTH_LEVELS = ("ANONYMOUS", "FUNCTION", "ADMIN")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)


def check_functions(
    functions: Sequence[FunctionRecord], config: HostConfig, settings: AppSettings
) -> list[FunctionsHostError]:
    """All reasons to refuse the app; empty when it can run."""
    return [
        problem
        for function in functions
        for problem in (*_name_problems(function, functions), *_binding_problems(function, config, settings))
    ]


def retry_warnings(functions: Sequence[FunctionRecord]) -> list[str]:
    """One sentence for each function whose retry policy has no effect."""
    return [
        f"function {function.name}: @app.retry has no effect on a {function.trigger.type}; "
        "Azure supports it for timers only here, queues have maxDequeueCount"
        for function in functions
        if function.retry is not None and function.trigger.type != TIMER_TRIGGER
    ]


def _name_problems(function: FunctionRecord, functions: Sequence[FunctionRecord]) -> Iterator[FunctionLoadError]:
    if not _NAME.fullmatch(function.name) or function.name.lower() == "host":
        yield FunctionLoadError(
            function.name, "its name must begin with a letter, have letters, digits, - and _ only, and not be `host`"
        )
    twins = [other.name for other in functions if other.name.lower() == function.name.lower()]
    if len(twins) > 1 and twins[0] != function.name:
        yield FunctionLoadError(function.name, f"its name differs from {twins[0]} by case only")


def _binding_problems(
    function: FunctionRecord, config: HostConfig, settings: AppSettings
) -> Iterator[FunctionsHostError]:
    for binding in function.bindings:
        supported = TRIGGERS if binding is function.trigger else OTHER_BINDINGS
        if binding.type not in supported:
            yield FunctionLoadError(
                function.name,
                f"binding `{binding.name}` of type {binding.type} is not supported by the local host; "
                f"it has {', '.join(supported)}",
            )
            continue
        try:
            _check_binding(function, binding, config, settings)
        except (FunctionsHostError, ValueError) as problem:
            yield problem if isinstance(problem, FunctionLoadError) else FunctionLoadError(function.name, str(problem))


def _check_binding(function: FunctionRecord, binding: Binding, config: HostConfig, settings: AppSettings) -> None:
    if binding.type in (QUEUE_TRIGGER, QUEUE_OUTPUT):
        queue_of(binding, settings)
        if binding.name == RETURN_BINDING and function.trigger.type in (ORCHESTRATION_TRIGGER, ACTIVITY_TRIGGER):
            raise ValueError(f"a {function.trigger.type} returns its result to the durable engine, not to a queue")
    elif binding.type == TIMER_TRIGGER:
        timer_schedule(binding, settings)
    elif binding.type == HTTP_TRIGGER:
        level = binding.text("authLevel", "FUNCTION").upper()
        if level not in AUTH_LEVELS:
            raise ValueError(f"authLevel {level} is not supported; use one of {', '.join(AUTH_LEVELS)}")
    elif binding.type == HTTP_OUTPUT and function.trigger.type != HTTP_TRIGGER:
        raise ValueError("an http output needs an httpTrigger")
    elif binding.type == DURABLE_CLIENT:
        _check_client(binding, config, settings)


def _check_client(binding: Binding, config: HostConfig, settings: AppSettings) -> None:
    hub = settings.resolve(binding.text("taskHub"))
    if hub and hub.lower() != config.durable.hub_name.lower():
        raise ValueError(f"durable client of task hub {hub!r}; the local host has only {config.durable.hub_name!r}")
    if connection := binding.text("connectionName"):
        raise ValueError(f"durable client with connectionName {connection!r}: the local host keeps its own store")
