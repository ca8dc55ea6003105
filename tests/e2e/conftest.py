"""Users of whole stacks."""

from pathlib import Path

import pytest

from local.stack.inspection import StackStatus
from tests.e2e.user import User


@pytest.fixture
def user(stack: StackStatus, tmp_path: Path) -> User:
    """A user of the session's stack, with a folder of their own."""
    return User(Path(stack.data_dir), tmp_path / "user")
