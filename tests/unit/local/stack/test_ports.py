import subprocess
import sys

import pytest

from local.loopback import ports

pytestmark = pytest.mark.unit

CHOOSES = """
import sys
from local.loopback.ports import free_ports
print(*free_ports(2), flush=True)
sys.stdin.read()
"""


def test_a_port_that_another_process_has_chosen_is_not_given_away_before_that_process_ends(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", CHOOSES], stdin=-1, stdout=subprocess.PIPE, text=True) as other:
        chosen = other.stdout.readline()
        first, second = map(int, chosen.split())
        assert ports.is_free(first)
        monkeypatch.setattr(ports, "_RANGE", range(first, first + 1))
        with pytest.raises(OSError, match="1 free ports"):
            ports.free_ports(1)
        other.kill()
    assert ports.free_ports(1) == (first,)
    assert first != second
