import pytest

from shared.control_plane.endpoints.scoring_script import check_script_text
from shared.errors import ValidationError

pytestmark = pytest.mark.unit

RUN = "\ndef run(mini_batch): return mini_batch\n"


@pytest.mark.parametrize(
    "text",
    [
        RUN,
        "def f(): pass\nrun = f",
        "from scoring import *",
        "try:\n    from fast import run\nexcept ImportError:\n    from slow import run",
        "text = " + " + ".join(["'a'"] * 1200) + RUN,
        "if a: pass\n" + "elif a: pass\n" * 1200 + RUN,
        "if a:\n    pass\nelse:\n    def run(mini_batch): pass",
    ],
)
def test_a_script_that_defines_run_passes(text: str) -> None:
    check_script_text("score.py", text.encode())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "has no function 'run'"),
        (b"def init():\n    def run(mini_batch): pass", "has no function 'run'"),
        (b"def run(:", "is not valid Python"),
        (b"# coding: nonsense", "is not valid Python"),
        (b"a\0", "is not valid Python"),
        (b"x = " + b"9" * 5000, "is not valid Python"),
        (b"-" * 100_000 + b"1", "nested too deeply"),
        (b"x = " + b"+".join([b"1"] * 20_000), "nested too deeply"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_any_other_script_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        check_script_text("score.py", text)
