"""The app as the host runs it: settings, host.json, functions and routes, all checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.functions_host.config import HostConfig, read_host_config
from local.functions_host.errors import AppRefusedError
from local.functions_host.function_rules import check_functions, retry_warnings
from local.functions_host.functions import FunctionRecord
from local.functions_host.invocation import Worker
from local.functions_host.routes import RouteTable, read_routes
from local.functions_host.settings import AppSettings

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
