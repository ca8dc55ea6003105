"""The Python environment that a job's scoring processes run in (docs/decisions/0004 and 0009)."""

from scorer_container.node.environments.errors import EnvironmentPreparationError
from scorer_container.node.environments.preparation import prepare_environment

__all__ = ["EnvironmentPreparationError", "prepare_environment"]
