"""docs/coverage.md says of every operation whether it works."""

import re
from pathlib import Path

import pytest

from tests.compat.remote_client import RemoteClient

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"


def test_every_operation_of_the_client_is_in_the_table(client: RemoteClient) -> None:
    sections = dict(re.findall(r"### `(\w+)`\n(.*?)(?=\n##|\Z)", PAGE.read_text(), re.DOTALL))
    for group, operations in client.run("public_operations").items():
        first_cells = re.findall(r"^\| (`.*?) \|", sections[group], re.MULTILINE)
        assert sorted(re.findall(r"`(\w+)`", " ".join(first_cells))) == sorted(operations), group
