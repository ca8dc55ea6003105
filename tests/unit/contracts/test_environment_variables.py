import subprocess

import pytest

from shared.contracts.names import MAX_BYTES, check_environment_variables, fault_of_variable
from shared.errors import ValidationError

pytestmark = pytest.mark.unit


def a_process_starts(name: str, value: str) -> bool:
    try:
        return subprocess.run(["/bin/true"], env={name: value}, check=False).returncode == 0
    except (OSError, ValueError):
        return False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A", ""),
        ("a b-c.d", "x=y\n"),
        ("Ü", "日本"),
        ("B", "x" * (MAX_BYTES - 2)),
    ],
)
def test_what_a_process_can_have_is_accepted(name, value):
    assert not fault_of_variable(name, value)
    assert a_process_starts(name, value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("A=B", "1", "'A=B' has '=' in its name"),
        ("A\0", "1", "'A\\\\x00' has a NUL character in its name"),
        ("A", "1\0", "'A' has a NUL character in its value"),
        ("A\ud800", "1", "half a character"),
        ("A", "\ud800", "half a character"),
        ("A", "x" * (MAX_BYTES - 1), "131,072 bytes"),
    ],
)
def test_what_no_process_can_have_is_refused_with_the_reason(name, value, reason):
    with pytest.raises(ValidationError, match=f"environmentVariables: .*{reason}"):
        check_environment_variables({"FINE": "1", name: value}, "environmentVariables")
    assert not a_process_starts(name, value)


def test_a_variable_without_a_name_is_refused():
    with pytest.raises(ValidationError, match="has no name"):
        check_environment_variables({"": "1"}, "environmentVariables")
