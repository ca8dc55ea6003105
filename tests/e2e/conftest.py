"""Users of whole stacks."""

from pathlib import Path

import pytest

from local.stack.inspection import StackStatus
from tests.e2e.user import User


@pytest.fixture
def user(stack: StackStatus, tmp_path: Path) -> User:
    """A user of the session's stack, with a folder of their own."""
    return User(Path(stack.data_dir), tmp_path / "user")


@pytest.fixture
def own_user(own_stack: StackStatus, tmp_path: Path) -> User:
    """A user of a stack that the test may break."""
    return User(Path(own_stack.data_dir), tmp_path / "user")
