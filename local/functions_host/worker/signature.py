"""Checks a Python function against its bindings, with the rules of the Functions worker."""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.functions import Context, Out

from local.functions_host.app.errors import FunctionLoadError
from local.functions_host.app.functions import OUT, RETURN_BINDING, Binding
from local.functions_host.worker import converters


@dataclass(frozen=True)
class BoundType:
    """How one parameter, or the result, is converted: by which binding's converter, for which type."""

    converter: str
    python_type: Any


@dataclass(frozen=True)
class Signature:
    """How the worker calls one function.

    Attributes:
        inputs: by parameter name.
        outputs: by parameter name.
        result: conversion of the return value; None when the function must return None.
        wants_context: whether it has an unbound parameter `context`.
        is_async: whether it runs on the event loop instead of a thread.
    """

    inputs: Mapping[str, BoundType]
    outputs: Mapping[str, BoundType]
    result: BoundType | None
    wants_context: bool
    is_async: bool


def read_signature(name: str, function: Callable[..., Any], bindings: Iterable[Binding]) -> Signature:
    """The signature of `function` as its bindings need it.

    Raises:
        FunctionLoadError: parameters, annotations and bindings do not fit each other.
    """
    bound = {binding.name: binding for binding in bindings}
    annotations = _annotations(name, function)
    parameters = set(inspect.signature(function).parameters)
    for binding in bound.values():
        _check_direction(name, binding)
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        _check_context(name, annotations)
        parameters.discard("context")
    _check_names(name, parameters, set(bound) - {RETURN_BINDING})
    types = {key: _bound_type(name, bound[key], annotations) for key in parameters}
    return Signature(
        inputs={key: types[key] for key in types if bound[key].direction != OUT},
        outputs={key: types[key] for key in types if bound[key].direction == OUT},
        result=_result_type(name, bound, annotations),
        wants_context=wants_context,
        is_async=inspect.iscoroutinefunction(function),
    )


def _annotations(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception as error:
        raise FunctionLoadError(name, f"its annotations cannot be resolved: {error}") from error


def _check_direction(name: str, binding: Binding) -> None:
    if binding.direction == "INOUT":
        raise FunctionLoadError(name, '"inout" bindings are not supported')
    if binding.name == RETURN_BINDING and binding.direction != OUT:
        raise FunctionLoadError(name, '"$return" binding must have direction set to "out"')


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


def _bound_type(name: str, binding: Binding, annotations: Mapping[str, Any]) -> BoundType:
    annotated = binding.name in annotations
    annotation = annotations.get(binding.name)
    is_out = annotation is Out or typing.get_origin(annotation) is Out
    python_type = _out_argument(name, binding, annotation) if is_out else annotation
    if annotated:
        _check_annotation(name, binding, python_type, is_out)
    converter = binding.type
    if python_type in (str, bytes) and not converters.has_implicit_output(binding.type):
        converter = converters.GENERIC
    accepts = converters.accepts_output if is_out else converters.accepts_input
    if annotated and not accepts(converter, python_type):
        raise FunctionLoadError(
            name, f'type of {binding.name} binding "{binding.type}" does not match its annotation {python_type!r}'
        )
    return BoundType(converter, python_type)


def _out_argument(name: str, binding: Binding, annotation: Any) -> Any:
    arguments = typing.get_args(annotation)
    if len(arguments) != 1:
        raise FunctionLoadError(name, f"binding {binding.name} has invalid Out annotation {annotation!r}")
    return arguments[0]


def _check_annotation(name: str, binding: Binding, python_type: Any, is_out: bool) -> None:
    if not isinstance(python_type, type) and typing.get_origin(python_type) is None:
        raise FunctionLoadError(name, f"binding {binding.name} has invalid non-type annotation {python_type!r}")
    if binding.direction == OUT and not is_out:
        raise FunctionLoadError(
            name, f"binding {binding.name} is an output, but its annotation is not azure.functions.Out[...]"
        )
    if binding.direction != OUT and is_out:
        raise FunctionLoadError(name, f"binding {binding.name} is an input, but its annotation is azure.functions.Out")


def _result_type(name: str, bound: Mapping[str, Binding], annotations: Mapping[str, Any]) -> BoundType | None:
    annotation = annotations.get("return")
    explicit = bound.get(RETURN_BINDING)
    if explicit is not None:
        if "return" in annotations:
            _check_result(name, explicit.type, annotation)
        return BoundType(explicit.type, annotation)
    implicit = [binding.type for binding in bound.values() if converters.has_implicit_output(binding.type)]
    return BoundType(implicit[-1], annotation) if implicit else None


def _check_result(name: str, binding_type: str, annotation: Any) -> None:
    if annotation is Out or typing.get_origin(annotation) is Out:
        raise FunctionLoadError(name, "return annotation should not be azure.functions.Out")
    if not isinstance(annotation, type):
        raise FunctionLoadError(name, f"has invalid non-type return annotation {annotation!r}")
    if not converters.accepts_output(binding_type, annotation):
        raise FunctionLoadError(
            name, f'return annotation {annotation.__name__!r} does not match binding type "{binding_type}"'
        )
