"""Imports the app's script, lists its functions and checks their signatures, by the rules of the Python worker."""

import importlib
import inspect
import json
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from azure.functions import Context

from local.functions_host.app.errors import AppImportError, FunctionLoadError
from local.functions_host.app.functions import RETURN_BINDING, Binding, FunctionRecord
from local.functions_host.worker import converters

SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"
DEFAULT_SCRIPT = "function_app.py"


def load_app(app_root: Path, script: str = DEFAULT_SCRIPT) -> list[Any]:
    """Return the SDK's function objects of the app in `app_root`, in the order of their declaration.

    An app can be loaded once in a process: the SDK builds its functions only once.

    Raises:
        AppImportError: the script is missing, fails on import, or does not hold exactly one function app.
    """
    if not (app_root / script).is_file():
        raise AppImportError(f"{script} does not exist in {app_root}; set {SCRIPT_SETTING} if it has another name")
    app = _single_app(_import_script(app_root, Path(script).stem), script)
    try:
        return list(app.get_functions())
    except Exception as error:
        raise AppImportError(f"{script}: {error}") from error


def describe(indexed: Any) -> FunctionRecord:
    """Describe one of the SDK's function objects to the host.

    Raises:
        FunctionLoadError: the function does not have exactly one trigger.
    """
    name = indexed.get_function_name()
    raw = [json.loads(text) for text in indexed.get_raw_bindings()]
    return record_of(name, raw, retried=bool(indexed.get_settings_dict("retry_policy")))


def record_of(name: str, raw_bindings: list[dict[str, Any]], *, retried: bool) -> FunctionRecord:
    """Build the record of a function from its binding JSON, as a worker reports it.

    Raises:
        FunctionLoadError: the function does not have exactly one trigger.
    """
    bindings = tuple(
        Binding(str(raw["name"]), str(raw["type"]), str(raw["direction"]).upper(), raw) for raw in raw_bindings
    )
    triggers = [binding for binding in bindings if binding.type.lower().endswith("trigger")]
    if len(triggers) != 1:
        raise FunctionLoadError(name, f"it has {len(triggers)} triggers; a function has exactly one")
    return FunctionRecord(name, bindings, triggers[0], retried)


def _import_script(app_root: Path, module: str) -> ModuleType:
    if str(app_root) not in sys.path:
        sys.path.insert(0, str(app_root))
    try:
        return importlib.import_module(module)
    except Exception as error:
        raise AppImportError(f"{module}.py cannot be imported: {type(error).__name__}: {error}") from error


def _single_app(module: ModuleType, script: str) -> Any:
    from azure.functions import FunctionRegister

    # Two names for one object count twice, as in Azure.
    names = [name for name in dir(module) if isinstance(getattr(module, name, None), FunctionRegister)]
    if not names:
        raise AppImportError(f"{script} has no function app; assign func.FunctionApp() or df.DFApp() to a name")
    if len(names) > 1:
        raise AppImportError(f"{script} has more than one name for a function app ({', '.join(names)}); keep one")
    return getattr(module, names[0])


@dataclass(frozen=True)
class Result:
    """How to convert the return value: with the converter of this type of binding, for this Python type."""

    converter: str
    python_type: Any


@dataclass(frozen=True)
class Signature:
    """How to call one function.

    Attributes:
        inputs: the type of binding that converts each parameter, by parameter name.
        result: conversion of the return value; None if the function must return None.
        wants_context: True if it has an unbound parameter `context`.
        is_async: True if it runs on the event loop instead of a thread.
    """

    inputs: Mapping[str, str]
    result: Result | None
    wants_context: bool
    is_async: bool


def read_signature(name: str, function: Callable[..., Any], bindings: Iterable[Binding]) -> Signature:
    """Return the signature of `function` as its bindings need it.

    Raises:
        FunctionLoadError: parameters, annotations and bindings do not fit each other.
    """
    bound = {binding.name: binding for binding in bindings}
    annotations = _annotations(name, function)
    parameters = set(inspect.signature(function).parameters)
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        _check_context(name, annotations)
        parameters.discard("context")
    _check_names(name, parameters, set(bound) - {RETURN_BINDING})
    inputs = {key: bound[key].type for key in parameters if bound[key].direction == "IN"}
    for key in inputs.keys() & annotations.keys():
        if not converters.accepts_input(inputs[key], annotations[key]):
            raise FunctionLoadError(
                name, f'type of {key} binding "{inputs[key]}" does not match its annotation {annotations[key]!r}'
            )
    return Signature(
        inputs=inputs,
        result=_result(name, bound, annotations),
        wants_context=wants_context,
        is_async=inspect.iscoroutinefunction(function),
    )


def _annotations(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception as error:
        raise FunctionLoadError(name, f"its annotations cannot be resolved: {error}") from error


def _check_context(name: str, annotations: Mapping[str, Any]) -> None:
    annotation = annotations.get("context", Context)
    if not isinstance(annotation, type) or annotation.__name__ != "Context":
        raise FunctionLoadError(
            name, f'the "context" parameter is expected to be of type azure.functions.Context, got {annotation!r}'
        )


def _check_names(name: str, parameters: set[str], bound: set[str]) -> None:
    if unbound := sorted(parameters - bound):
        raise FunctionLoadError(name, f"parameters without a binding decorator: {', '.join(unbound)}")
    if missing := sorted(bound - parameters):
        raise FunctionLoadError(name, f"bindings without a parameter of the function: {', '.join(missing)}")


def _result(name: str, bound: Mapping[str, Binding], annotations: Mapping[str, Any]) -> Result | None:
    annotation = annotations.get("return")
    explicit = bound.get(RETURN_BINDING)
    if explicit is None:
        implicit = [binding.type for binding in bound.values() if converters.has_implicit_output(binding.type)]
        return Result(implicit[-1], annotation) if implicit else None
    if "return" in annotations and not converters.accepts_output(explicit.type, annotation):
        raise FunctionLoadError(name, f'return annotation {annotation!r} does not match binding type "{explicit.type}"')
    return Result(explicit.type, annotation)
