"""The SDK's own converters between binding data and the objects that a function sees."""

from typing import Any

from azure.functions import get_binding_registry
from azure.functions.meta import Datum

__all__ = ["Datum", "accepts_input", "accepts_output", "decode", "encode", "has_implicit_output"]


def has_implicit_output(binding_type: str) -> bool:
    """Return True if the function's result belongs to this binding without a `$return`."""
    converter = get_binding_registry().get(binding_type)
    return bool(getattr(converter, "has_implicit_output", lambda: False)())


def accepts_input(binding_type: str, python_type: Any) -> bool:
    """Return True if a parameter of this binding may be annotated with `python_type`."""
    return _checked(binding_type, "check_input_type_annotation", python_type)


def accepts_output(binding_type: str, python_type: Any) -> bool:
    """Return True if the result for this binding may be annotated with `python_type`."""
    return _checked(binding_type, "check_output_type_annotation", python_type)


def decode(binding_type: str, datum: Datum, metadata: dict[str, Datum]) -> Any:
    """Return the object that the function receives for `datum`.

    Raises:
        TypeError: the binding cannot take data of this kind.
    """
    converter = get_binding_registry().get(binding_type)
    try:
        return converter.decode(datum, trigger_metadata=metadata if converter.has_trigger_support() else {})
    except NotImplementedError:
        raise TypeError(
            f"unable to decode incoming TypedData: unsupported combination of TypedData field "
            f"{datum.type!r} and expected binding type {converter!r}"
        ) from None


def encode(binding_type: str, value: Any, python_type: Any) -> Datum | None:
    """Return the data for the object that the function returned, or None if it returned nothing.

    Raises:
        TypeError: the binding cannot take an object of this type.
    """
    try:
        return get_binding_registry().get(binding_type).encode(value, expected_type=python_type)
    except NotImplementedError:
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{binding_type}" '
            f'for Python type "{type(value).__name__}"'
        ) from None


def _checked(binding_type: str, check: str, python_type: Any) -> bool:
    converter = get_binding_registry().get(binding_type)
    if converter is None:  # The SDK does not know the binding either; the host refuses it by name.
        return True
    try:
        return bool(getattr(converter, check)(python_type))
    except TypeError:  # `python_type` is not a class
        return False
