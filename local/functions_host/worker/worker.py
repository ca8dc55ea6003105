"""The worker converts binding data to the SDK's objects, calls functions, and converts their results back."""

import asyncio
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.functions import Context

from local.functions_host.app.errors import AppRefusedError, AppSettingError, FunctionsHostError
from local.functions_host.app.functions import FunctionRecord, Invocation, Outcome
from local.functions_host.worker import converters
from local.functions_host.worker.loader import (
    DEFAULT_SCRIPT,
    SCRIPT_SETTING,
    Signature,
    describe,
    load_app,
    read_signature,
)

THREADS_SETTING = "PYTHON_THREADPOOL_THREAD_COUNT"


@dataclass(frozen=True)
class _LoadedFunction:
    function: Callable[..., Any]
    signature: Signature
    directory: str  # of the function's own file, as Azure's worker has it


class DirectWorker:
    """Runs the functions in this process: sync ones in a pool of threads, async ones on a loop of their own.

    As in Azure, the host has a loop of its own. A function that blocks the worker's loop therefore stops neither the
    listeners nor the durable engine.
    """

    def __init__(self, app_root: Path, settings: Mapping[str, str]) -> None:
        self._app_root = app_root
        self._script = settings.get(SCRIPT_SETTING, DEFAULT_SCRIPT)
        # None is Python's own default, min(32, cores + 4), which the Azure worker uses too.
        self._threads = ThreadPoolExecutor(_thread_count(settings), thread_name_prefix="function")
        self._functions: dict[str, _LoadedFunction] = {}
        self._loop = asyncio.new_event_loop()
        self._loop_thread = threading.Thread(target=self._loop.run_forever, name="worker-loop", daemon=True)
        self._loop_thread.start()

    def index(self) -> Sequence[FunctionRecord]:
        """Import the app and check each function against its bindings, as `Worker.index` says."""
        records: list[FunctionRecord] = []
        problems: list[FunctionsHostError] = []
        for indexed in load_app(self._app_root, self._script):
            try:
                record = describe(indexed)
                function = indexed.get_user_function()
                signature = read_signature(record.name, function, record.bindings)
                directory = str(Path(inspect.getfile(function)).parent)
                self._functions[record.name] = _LoadedFunction(function, signature, directory)
                records.append(record)
            except FunctionsHostError as problem:
                problems.append(problem)
        if problems:
            raise AppRefusedError(problems)
        return records

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Call one function on the worker's loop, as `Worker.invoke` says."""
        running = asyncio.run_coroutine_threadsafe(self._invoke(invocation), self._loop)
        return await asyncio.wrap_future(running)

    def stop(self) -> None:
        """Abandon the threads, as `Worker.stop` says."""
        asyncio.run_coroutine_threadsafe(_close_durable_client(), self._loop).add_done_callback(
            lambda _: self._loop.call_soon_threadsafe(self._loop.stop)
        )
        self._loop_thread.join(timeout=1)
        if not self._loop_thread.is_alive():  # a function may still block it
            self._loop.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _invoke(self, invocation: Invocation) -> Outcome:
        loaded = self._functions[invocation.function]
        try:
            arguments = _arguments(invocation, loaded)
            result = await self._call(invocation, loaded, arguments)
            return _outcome(invocation.function, loaded.signature, result)
        except (Exception, SystemExit) as error:
            return Outcome(
                succeeded=False,
                error=f"{type(error).__name__}: {error}",
                stack="".join(traceback.format_exception(error)),
            )

    async def _call(self, invocation: Invocation, loaded: _LoadedFunction, arguments: dict[str, Any]) -> Any:
        thread_local.invocation_id = invocation.id
        if loaded.signature.is_async:
            return await loaded.function(**arguments)
        return await self._loop.run_in_executor(self._threads, _call_in_thread, invocation, loaded, arguments)


async def _close_durable_client() -> None:
    """Close the session that the SDK's client keeps for the whole process. Otherwise Python prints a warning."""
    if http := sys.modules.get("azure.durable_functions.models.utils.http_utils"):
        await http._close_session()


def _call_in_thread(invocation: Invocation, loaded: _LoadedFunction, arguments: dict[str, Any]) -> Any:
    thread_local.invocation_id = invocation.id
    try:
        return loaded.function(**arguments)
    finally:
        thread_local.invocation_id = None


def _arguments(invocation: Invocation, loaded: _LoadedFunction) -> dict[str, Any]:
    metadata = dict(invocation.metadata)
    inputs = loaded.signature.inputs
    arguments: dict[str, Any] = {
        name: converters.decode(inputs[name], datum, metadata) for name, datum in invocation.inputs.items()
    }
    if loaded.signature.wants_context:
        arguments["context"] = InvocationContext(invocation.function, loaded.directory, invocation.id)
    return arguments


def _outcome(name: str, signature: Signature, result: Any) -> Outcome:
    if result is not None and signature.result is None:
        raise RuntimeError(f"function {name!r} without a $return binding returned a non-None value")
    returned = None
    if signature.result is not None:
        returned = converters.encode(signature.result.converter, result, signature.result.python_type)
    return Outcome(succeeded=True, return_value=returned)


def _thread_count(settings: Mapping[str, str]) -> int | None:
    text = settings.get(THREADS_SETTING)
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 32_767:
        raise AppSettingError(THREADS_SETTING, f"is {text!r}; use a whole number from 1 to 32767")
    return int(text)


thread_local = threading.local()
"""Holds `invocation_id` in the thread that runs a function."""


class TraceContext:
    """W3C trace context of an invocation. It is empty, because the local host traces nothing."""

    trace_parent = ""
    trace_state = ""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attributes of the trace."""
        return {}

    Traceparent = trace_parent
    Tracestate = trace_state


class InvocationContext(Context):  # type: ignore[misc] # the SDK ships no types
    """The facts about an invocation that its function can read."""

    def __init__(self, function: str, directory: str, invocation_id: str) -> None:
        self._function = function
        self._directory = directory
        self._invocation_id = invocation_id
        self._trace = TraceContext()

    @property
    def invocation_id(self) -> str:
        """Unique id of the invocation."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> threading.local:
        """The place to set `invocation_id` for threads that the function starts."""
        return thread_local

    @property
    def function_name(self) -> str:
        """Name of the function."""
        return self._function

    @property
    def function_directory(self) -> str:
        """Folder of the app."""
        return self._directory

    @property
    def trace_context(self) -> TraceContext:
        """Trace context of the caller."""
        return self._trace

    @property
    def retry_context(self) -> None:
        """None: the local host does not retry functions."""
