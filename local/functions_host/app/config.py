"""host.json with Azure's defaults, and the keys of it that have no effect here."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from local.functions_host.app.errors import HostConfigError
from local.functions_host.app.settings import AppSettings, read_json_object

HOST_FILE = "host.json"
DEFAULT_FUNCTION_TIMEOUT = timedelta(minutes=30)
MAX_BATCH_SIZE = 32  # what one call to Azure Queue Storage can return
_CORES = os.cpu_count() or 1

# Sections about the platform around the functions. They do not change what the functions do.
_PLATFORM_SECTIONS = {
    "aggregator", "concurrency", "extensionBundle", "healthMonitor", "logging", "managedDependency",
    "singleton", "telemetryMode", "version", "watchDirectories", "watchFiles",
}  # fmt: skip
# Keys for the storage provider, tracing and versions of the extension in Azure.
_DURABLE_PLATFORM_KEYS = {
    "defaultVersion", "extendedSessionsEnabled", "notifications", "storageProvider", "tracing",
    "versionMatchStrategy", "versionFailureStrategy",
}  # fmt: skip
_LOG_LEVELS = {
    "trace": "DEBUG", "debug": "DEBUG", "information": "INFO", "warning": "WARNING",
    "error": "ERROR", "critical": "CRITICAL", "none": "CRITICAL",
}  # fmt: skip


@dataclass(frozen=True)
class QueueOptions:
    """`extensions.queues`.

    Attributes:
        batch_size: messages fetched together, 1 to 32.
        new_batch_threshold: the next batch is fetched when no more than this many still run.
        max_dequeue_count: tries before a message goes to the poison queue.
        visibility_timeout: how long a message stays hidden after a failed try.
        max_polling_interval: the longest pause between two looks at an empty queue.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8 * _CORES
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta()
    max_polling_interval: timedelta = timedelta(minutes=1)


@dataclass(frozen=True)
class DurableOptions:
    """The part of `extensions.durableTask` that has a meaning without the Azure storage provider.

    Attributes:
        hub_name: name of the task hub.
        max_concurrent_activities: activities that run at the same time.
        max_concurrent_orchestrators: orchestrators that are replayed at the same time.
    """

    hub_name: str = "TestHubName"  # the extension's default without a site name
    max_concurrent_activities: int = 10 * _CORES
    max_concurrent_orchestrators: int = 10 * _CORES


@dataclass(frozen=True)
class HostConfig:
    """The settings in host.json.

    Attributes:
        route_prefix: put before every route, `api` by default.
        function_timeout: the longest run of a function; None means unlimited.
        log_level: Python's name of the default log level.
        ignored: keys of the file that have no effect here, with the reason, to be logged once.
    """

    route_prefix: str = "api"
    function_timeout: timedelta | None = DEFAULT_FUNCTION_TIMEOUT
    queues: QueueOptions = QueueOptions()
    durable: DurableOptions = DurableOptions()
    log_level: str = "INFO"
    ignored: tuple[str, ...] = ()


def read_host_config(app_root: Path, settings: AppSettings) -> HostConfig:
    """Return the configuration in `app_root/host.json`.

    Raises:
        HostConfigError: the file is missing or broken, or a value has the wrong type or range.
    """
    file = app_root / HOST_FILE
    if not file.is_file():
        raise HostConfigError(HOST_FILE, "$", f"does not exist in {app_root}; every function app has one")
    return parse_host_config(read_json_object(file), settings)


def parse_host_config(content: Mapping[str, Any], settings: AppSettings) -> HostConfig:
    """Return the configuration in the parsed host.json; see `read_host_config`."""
    ignored: list[str] = []
    root = ConfigSection("", content, ignored)
    if root.take("version", str, None) != "2.0":
        raise HostConfigError(HOST_FILE, "version", 'must be "2.0"')
    if "customHandler" in content:
        raise HostConfigError(HOST_FILE, "customHandler", "is not supported; the local host runs Python functions")
    if root.take("retry", dict, None) is not None:
        raise HostConfigError(HOST_FILE, "retry", "is not supported; Azure no longer supports it either")
    extensions = root.section("extensions")
    http = extensions.section("http")
    config = HostConfig(
        route_prefix=http.take("routePrefix", str, "api").strip("/"),
        function_timeout=_function_timeout(root),
        queues=_queue_options(extensions.section("queues")),
        durable=_durable_options(extensions.section("durableTask"), settings),
        log_level=_log_level(root),
    )
    http.report_rest("the local host does not limit HTTP requests")
    extensions.report_rest("the local host has no such extension")
    root.report_rest("unknown key", known=_PLATFORM_SECTIONS)
    return HostConfig(**{**vars(config), "ignored": tuple(ignored)})


def _function_timeout(root: "ConfigSection") -> timedelta | None:
    if root.peek("functionTimeout") in ("-1", -1):
        root.take("functionTimeout", object, None)
        return None
    timeout = root.time_span("functionTimeout", DEFAULT_FUNCTION_TIMEOUT)
    if timeout <= timedelta():
        raise HostConfigError(HOST_FILE, "functionTimeout", "must be positive, or -1 for no limit")
    return timeout


def _queue_options(section: "ConfigSection") -> QueueOptions:
    batch_size = section.integer("batchSize", 16, 1, MAX_BATCH_SIZE)
    encoding = section.take("messageEncoding", str, "base64").lower()
    if encoding != "base64":
        raise section.error("messageEncoding", f"is {encoding!r}; the local host supports base64 only")
    options = QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=section.integer("newBatchThreshold", batch_size // 2 * _CORES, 0, 100_000),
        max_dequeue_count=section.integer("maxDequeueCount", 5, 1, 1_000_000),
        visibility_timeout=section.time_span("visibilityTimeout", timedelta()),
        max_polling_interval=section.time_span("maxPollingInterval", timedelta(minutes=1)),
    )
    if options.max_polling_interval < timedelta(milliseconds=100):
        raise section.error("maxPollingInterval", "must be at least 00:00:00.1")
    section.report_rest("unknown key of the queue extension")
    return options


def _durable_options(section: "ConfigSection", settings: AppSettings) -> DurableOptions:
    options = DurableOptions(
        hub_name=settings.resolve(section.take("hubName", str, DurableOptions.hub_name)),
        max_concurrent_activities=section.integer(
            "maxConcurrentActivityFunctions", DurableOptions.max_concurrent_activities, 1, 100_000
        ),
        max_concurrent_orchestrators=section.integer(
            "maxConcurrentOrchestratorFunctions", DurableOptions.max_concurrent_orchestrators, 1, 100_000
        ),
    )
    section.report_rest("unknown key of the durable extension", known=_DURABLE_PLATFORM_KEYS)
    return options


def _log_level(root: "ConfigSection") -> str:
    logging_section = root.peek("logging")
    levels = logging_section.get("logLevel", {}) if isinstance(logging_section, dict) else {}
    level = levels.get("default", "Information") if isinstance(levels, dict) else "Information"
    name = _LOG_LEVELS.get(str(level).lower())
    if name is None:
        raise HostConfigError(
            HOST_FILE, "logging.logLevel.default", f"is {level!r}; use one of {', '.join(_LOG_LEVELS)}"
        )
    return name


T = TypeVar("T")
D = TypeVar("D")


class ConfigSection:
    """One JSON object. It returns typed values, and knows which keys were never read.

    Attributes:
        path: dotted path of the object in the file, empty for the root.
    """

    def __init__(self, path: str, content: Mapping[str, Any], ignored: list[str]) -> None:
        self.path = path
        self._content = dict(content)
        self._ignored = ignored
        self._taken: set[str] = set()

    def peek(self, key: str) -> Any:
        """Return the raw value, without counting the key as read."""
        return self._content.get(key)

    def take(self, key: str, kind: type[T], default: D) -> T | D:
        """Return the value of `key`, which must be of type `kind`; `default` if it is absent."""
        self._taken.add(key)
        value = self._content.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise self.error(key, f"is {value!r}; expected {_json_name(kind)}")
        return value

    def section(self, key: str) -> "ConfigSection":
        """Return the object under `key`, or an empty one if it is absent."""
        empty: dict[str, Any] = {}
        return ConfigSection(self._full(key), self.take(key, dict, empty), self._ignored)

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise self.error(key, f"is {value}; use {low} to {high}")
        return value

    def time_span(self, key: str, default: timedelta) -> timedelta:
        """Return a duration that is not negative."""
        text = self.take(key, str, None)
        if text is None:
            return default
        try:
            span = parse_time_span(text)
        except ValueError as error:
            raise self.error(key, str(error)) from error
        if span < timedelta():
            raise self.error(key, f"is {text!r}; it must not be negative")
        return span

    def report_rest(self, reason: str, known: Collection[str] = ()) -> None:
        """Note each key that was never read as ignored, because of `reason`."""
        rest = [key for key in self._content if key not in self._taken and key not in known]
        self._ignored.extend(f"`{self._full(key)}`: {reason}" for key in rest if not key.startswith("$"))

    def error(self, key: str, problem: str) -> HostConfigError:
        """Return the error to raise about `key`."""
        return HostConfigError("host.json", self._full(key), problem)

    def _full(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _json_name(kind: type) -> str:
    return {str: "text", int: "a whole number", dict: "an object", bool: "true or false"}.get(kind, kind.__name__)


_TIME_SPAN = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?"
)


def parse_time_span(text: str) -> timedelta:
    """Return the duration written as `[d.]hh:mm[:ss[.fffffff]]`, or as whole days (`1`, and `-1`).

    Raises:
        ValueError: the text has another form, or hours, minutes or seconds out of range.
    """
    if re.fullmatch(r"-?\d{1,8}", text):
        return timedelta(days=int(text))
    match = _TIME_SPAN.fullmatch(text)
    if match is None or not _in_range(match):
        raise ValueError(f"{text!r} is not a time span; write it as hh:mm:ss or d.hh:mm:ss")
    span = timedelta(
        days=int(match["days"] or 0),
        hours=int(match["hours"]),
        minutes=int(match["minutes"]),
        seconds=int(match["seconds"] or 0),
        microseconds=int((match["fraction"] or "0").ljust(7, "0")) // 10,
    )
    return -span if match["sign"] else span


def _in_range(match: re.Match[str]) -> bool:
    return int(match["hours"]) < 24 and int(match["minutes"]) < 60 and int(match["seconds"] or 0) < 60
