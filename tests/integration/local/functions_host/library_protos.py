"""Plain classes in place of the protobuf messages that Azure's host gives to the worker library."""

from typing import Any


class Message:
    """Keeps the fields that it is given; a field that was not set reads as None."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        if not name[0].islower():  # types are looked up on messages too, and must not be found there
            raise AttributeError(name)
        return None


class BindingInfo(Message):
    in_, out, inout = 0, 1, 2
    undefined = 0


class TypedData(Message):
    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        return next(iter(self.__dict__), None)


class ParameterBinding(Message):
    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        return "data"


class StatusResult(Message):
    Failure, Success = 0, 1


class RpcHttpCookie(Message):
    class SameSite:
        Lax, Strict, ExplicitNone = 1, 2, 3


setattr(RpcHttpCookie.SameSite, "None", 0)

FunctionMetadataResponse = InvocationResponse = RpcException = RpcFunctionMetadata = RpcHttp = Message
RpcRetryOptions = WorkerInitResponse = WorkerMetadata = Message
NullableBool = NullableDouble = NullableString = NullableTimestamp = Message
