import io

import pytest

from cli.output.progress import Progress, readable_bytes

pytestmark = pytest.mark.unit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize(
    ("columns", "drawn"),
    [
        (80, "Uploading data (4 files) [##........]  25% 1.0 KB of 4.0 KB, 512 B/s, 0:06 left"),
        (70, "Uploading data (4 files)  25% 1.0 KB of 4.0 KB, 512 B/s, 0:06 left"),
        (50, "Uploadi  25% 1.0 KB of 4.0 KB, 512 B/s, 0:06 left"),
    ],
)
def test_a_narrow_terminal_keeps_it_in_one_line(monkeypatch: pytest.MonkeyPatch, columns: int, drawn: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal, clock = Terminal(), Clock()
    with Progress("Uploading data (4 files)", 4096, readable_bytes, terminal, clock) as progress:
        clock.now = 2.0
        progress.advance(1024)
        last = terminal.getvalue().split("\r")[-1]
    assert last == drawn
    assert len(last) < columns


def test_a_terminal_sees_a_bar_with_rate_and_time_left() -> None:
    terminal, clock = Terminal(), Clock()
    with Progress("Uploading", 4096, readable_bytes, terminal, clock) as progress:
        clock.now = 2.0
        progress.advance(1024)
        last = terminal.getvalue().split("\r")[-1]
    assert last == "Uploading [#######.....................]  25% 1.0 KB of 4.0 KB, 512 B/s, 0:06 left"


def test_a_pipe_sees_plain_lines_now_and_then() -> None:
    pipe, clock = io.StringIO(), Clock()
    with Progress("Running", 100, stream=pipe, clock=clock) as progress:
        for second in range(31):
            clock.now = float(second)
            progress.reached(second * 100 / 30)
    lines = pipe.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "Running  33% 33 of 100",
        "Running  67% 67 of 100",
        "Running 100% 100 of 100",
    ]
    assert "\r" not in pipe.getvalue()


def test_the_end_is_always_shown() -> None:
    pipe, clock = io.StringIO(), Clock()
    with Progress("Running", 10, stream=pipe, clock=clock) as progress:
        progress.reached(1)
        clock.now = 0.5
        progress.reached(10)
    assert pipe.getvalue().splitlines()[-1].startswith("Running 100% 10 of 10")


def test_lines_can_be_printed_between() -> None:
    terminal, clock = Terminal(), Clock()
    with Progress("Running", 10, stream=terminal, clock=clock) as progress:
        progress.reached(5)
        drawn = terminal.getvalue().split("\r")[-1]
        progress.interrupt()
        assert terminal.getvalue().endswith("\r" + " " * len(drawn) + "\r")


def test_waiting_does_not_count_for_the_rate() -> None:
    terminal, clock = Terminal(), Clock()
    with Progress("Running", 10, stream=terminal, clock=clock) as progress:
        clock.now = 100.0
        progress.restart_clock()
        clock.now = 101.0
        progress.reached(5)
        assert terminal.getvalue().endswith("5 of 10, 5/s, 0:01 left")
