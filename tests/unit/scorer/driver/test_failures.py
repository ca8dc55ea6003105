import pytest

from scorer_container.driver.values.failures import describe, with_type

pytestmark = pytest.mark.unit


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (KeyError("age"), "KeyError: 'age'"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError("  two\nlines "), "ValueError: two lines"),
        (ValueError(""), "ValueError"),
        (OSError("\udc80"), "OSError: \\udc80"),
        (MuteError(), "MuteError: its message cannot be shown: RuntimeError"),
        (ExceptionGroup("both", [KeyError("a"), KeyError("b")]), "ExceptionGroup: both (2 sub-exceptions)"),
    ],
)
def test_an_error_is_shown_with_its_type_in_one_line(error, shown):
    assert with_type(error) == shown
    described = describe(error)
    assert described["error_type"] == type(error).__name__
    assert described["error_type"] in described["traceback"]
