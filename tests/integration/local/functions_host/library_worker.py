"""A worker that calls functions through Azure's own worker library, `azure-functions-runtime`."""

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import azure_functions_runtime as library
import library_protos as protos
from azure.functions.meta import Datum

from local.functions_host.app.errors import AppImportError
from local.functions_host.app.functions import FunctionRecord, Invocation, Outcome
from local.functions_host.worker.loader import record_of


class LibraryWorker:
    def __init__(self, app_root: Path, settings: Mapping[str, str]) -> None:
        self._app_root = app_root
        self._ids: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        library.start_threadpool_executor()

    def index(self) -> Sequence[FunctionRecord]:
        import sys

        sys.path.insert(0, str(self._app_root))
        init = protos.Message(function_app_directory=str(self._app_root), capabilities={})
        started = self._run(library.worker_init_request, worker_init_request=init)
        if started.result.status != protos.StatusResult.Success:
            raise AppImportError(started.result.exception.message)
        metadata = self._run(library.functions_metadata_request).function_metadata_results
        self._ids = {function.name: function.function_id for function in metadata}
        return [_record(function) for function in metadata]

    async def invoke(self, invocation: Invocation) -> Outcome:
        request = protos.Message(
            invocation_id=invocation.id,
            function_id=self._ids[invocation.function],
            input_data=[
                protos.ParameterBinding(name=name, data=_typed(datum)) for name, datum in invocation.inputs.items()
            ],
            trigger_metadata={name: _typed(datum) for name, datum in invocation.metadata.items()},
            trace_context=protos.Message(trace_parent="", trace_state="", attributes={}),
            retry_context=protos.Message(retry_count=0, max_retry_count=0),
        )
        call = library.invocation_request(_wrapped(invocation_request=request))
        return _outcome(await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop)))

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, request: Any, **content: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(request(_wrapped(**content)), self._loop).result(timeout=60)


def _wrapped(**content: Any) -> protos.Message:
    return protos.Message(request=protos.Message(**content), properties={"host": "127.0.0.1", "protos": protos})


def _record(function: Any) -> FunctionRecord:
    raw = [json.loads(binding) for binding in function.raw_bindings]
    return record_of(function.name, raw, retried=function.retry_options is not None)


def _typed(datum: Datum) -> protos.TypedData:
    if datum.type != "http":
        return protos.TypedData(**{datum.type: datum.value})
    value = datum.value
    texts = {key: {name: text.value for name, text in value[key].items()} for key in ("headers", "params", "query")}
    return protos.TypedData(
        http=protos.RpcHttp(method=value["method"].value, url=value["url"].value, body=_typed(value["body"]), **texts)
    )


def _outcome(response: Any) -> Outcome:
    if response.result.status != protos.StatusResult.Success:
        exception = response.result.exception
        return Outcome(succeeded=False, error=exception.message, stack=exception.stack_trace)
    return Outcome(succeeded=True, return_value=_datum(response.return_value))


def _datum(data: Any) -> Datum | None:
    if data is None:
        return None
    kind = data.WhichOneof("data")
    if kind != "http":
        return Datum(type=kind, value=getattr(data, kind))
    http = data.http
    return Datum(
        type="http",
        value={
            "status_code": Datum(type="string", value=http.status_code),
            "headers": {name: Datum(type="string", value=value) for name, value in http.headers.items()},
            "cookies": [SimpleCookie({cookie.name: cookie.value}) for cookie in http.cookies or ()],
            "body": _datum(http.body),
        },
    )
