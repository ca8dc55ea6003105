"""The SDK's own converters between binding data and the objects that a function sees."""

from typing import Any

from azure.functions import get_binding_registry
from azure.functions.meta import Datum

__all__ = ["GENERIC", "Datum", "accepts_input", "accepts_output", "decode", "encode", "has_implicit_output"]

GENERIC = "generic"  # the converter for parameters annotated with str or bytes, whatever their binding


def has_implicit_output(binding_type: str) -> bool:
    """Whether the function's result belongs to this binding without a `$return`."""
    converter = get_binding_registry().get(binding_type)
    return bool(getattr(converter, "has_implicit_output", lambda: False)())


def accepts_input(binding_type: str, python_type: Any) -> bool:
    """Whether a parameter of this binding may be annotated with `python_type`."""
    if binding_type == GENERIC:
        return _is_subclass(python_type, (str, bytes))
    return _checked(binding_type, "check_input_type_annotation", python_type)


def accepts_output(binding_type: str, python_type: Any) -> bool:
    """Whether an output of this binding may be annotated with `python_type`."""
    if binding_type == GENERIC:
        return _is_subclass(python_type, (str, bytes, bytearray))
    return _checked(binding_type, "check_output_type_annotation", python_type)


def decode(binding_type: str, datum: Datum, metadata: dict[str, Datum]) -> Any:
    """The object that the function receives for `datum`.

    Raises:
        TypeError: the binding cannot take data of this kind.
    """
    if binding_type == GENERIC:
        return datum.value
    converter = get_binding_registry().get(binding_type)
    try:
        return converter.decode(datum, trigger_metadata=metadata if converter.has_trigger_support() else {})
    except NotImplementedError:
        raise TypeError(
            f"unable to decode incoming TypedData: unsupported combination of TypedData field "
            f"{datum.type!r} and expected binding type {converter!r}"
        ) from None


def encode(binding_type: str, value: Any, python_type: Any) -> Datum | None:
    """The data of an output binding for the object that the function gave; None when it gave nothing.

    Raises:
        TypeError: the binding cannot take an object of this type.
    """
    if binding_type == GENERIC:
        return _encode_generic(value)
    try:
        return get_binding_registry().get(binding_type).encode(value, expected_type=python_type)
    except NotImplementedError:
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{binding_type}" '
            f'for Python type "{type(value).__name__}"'
        ) from None


def _encode_generic(value: Any) -> Datum:
    if isinstance(value, str):
        return Datum(type="string", value=value)
    if isinstance(value, bytes | bytearray):
        return Datum(type="bytes", value=bytes(value))
    raise TypeError(f"an output annotated with str or bytes was set to {type(value).__name__}")


def _checked(binding_type: str, check: str, python_type: Any) -> bool:
    converter = get_binding_registry().get(binding_type)
    if converter is None:  # a binding that the SDK does not know either; the host refuses it by name
        return True
    try:
        return bool(getattr(converter, check)(python_type))
    except TypeError:  # issubclass() of something that is no class
        return False


def _is_subclass(python_type: Any, accepted: tuple[type, ...]) -> bool:
    return isinstance(python_type, type) and issubclass(python_type, accepted)
