"""Errors of the durable engine.

DurableError
├── TaskHubBusyError          another host holds the task hub
├── TaskHubFormatError        the file is from another version of the engine
├── InvalidRequestError       400: a value that the durable client sent cannot be used
│   └── FunctionNotFoundError
├── InstanceNotFoundError     404
├── InstanceFinishedError     410
├── InstanceInUseError        500, as the Durable extension answers it
└── NotOfferedError           501: the host lacks this operation
ActionRefusedError            an orchestrator asked for something that cannot be done; fails the orchestration
NonDeterministicError         the history does not fit what the orchestrator scheduled; fails the orchestration
"""


class DurableError(Exception):
    """The durable engine could not do what was asked.

    Attributes:
        status: the HTTP status with which the client RPC answers.
    """

    status = 500


class TaskHubBusyError(DurableError):
    """The task hub is in use by another host."""


class TaskHubFormatError(DurableError):
    """The task hub was written by another version of the engine."""


class InvalidRequestError(DurableError):
    """The request holds a value that cannot be used."""

    status = 400


class FunctionNotFoundError(InvalidRequestError):
    """The named function is not registered, or is of another kind."""


class InstanceNotFoundError(DurableError):
    """There is no instance with this id."""

    status = 404


class InstanceFinishedError(DurableError):
    """The instance is finished and takes no more messages."""

    status = 410


class InstanceInUseError(DurableError):
    """The instance id belongs to an instance that is not finished."""


class NotOfferedError(DurableError):
    """The operation is not offered by this host."""

    status = 501


class ActionRefusedError(Exception):
    """An action of an orchestrator cannot be carried out. The message becomes its failure."""


class NonDeterministicError(Exception):
    """The orchestrator scheduled something other than its history says. The message says what."""
