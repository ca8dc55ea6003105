"""The Python environment that a job's scoring processes run in (DESIGN D5)."""

from scorer_container.node.environments.errors import EnvironmentPreparationError
from scorer_container.node.environments.preparation import prepare_environment

__all__ = ["EnvironmentPreparationError", "prepare_environment"]
