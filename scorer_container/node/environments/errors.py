"""What goes wrong while an environment is made ready."""


class EnvironmentPreparationError(Exception):
    """The environment cannot be had; the message is one sentence that a user can act on."""
