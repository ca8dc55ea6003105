"""Checks a Python function against its bindings, with the rules of the Functions worker."""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.functions import Context

from local.functions_host.app.errors import FunctionLoadError
from local.functions_host.app.functions import RETURN_BINDING, Binding
from local.functions_host.worker import converters


@dataclass(frozen=True)
class Result:
    """How the return value is converted: by the converter of this type of binding, for this Python type."""

    converter: str
    python_type: Any


@dataclass(frozen=True)
class Signature:
    """How the worker calls one function.

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
