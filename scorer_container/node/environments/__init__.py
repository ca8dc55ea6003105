"""The Python environment that a job's scoring processes run in (docs/decisions/0004 and 0009)."""


class EnvironmentPreparationError(Exception):
    """The environment cannot be prepared; the message is one sentence that a user can act on."""
