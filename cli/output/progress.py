"""Progress: a bar with rate and remaining time on a terminal, a plain line every ten seconds elsewhere.

It goes to stderr, which keeps `--query … -o tsv` on stdout clean. click's own bar does not fit: it shows no
rate, prints no lines into a pipe, and cannot step aside for the log lines of a job.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from shutil import get_terminal_size
from typing import TextIO

from cli.output.verbosity import progress_stream

BAR_WIDTH = 28
SHORTEST_BAR = 8
REDRAW_SECONDS = 0.1
PLAIN_LINE_SECONDS = 10.0


def readable_bytes(count: float) -> str:
    """Return `1536` as `1.5 KB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def readable_seconds(seconds: float) -> str:
    """Return `75` as `1:15`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass
class Progress:
    """The progress of one piece of work. As a context manager it ends its line on exit."""

    label: str
    total: float
    unit: Callable[[float], str] = "{:,.0f}".format
    """Formats an amount."""
    stream: TextIO = field(default_factory=progress_stream)
    clock: Callable[[], float] = time.monotonic
    done: float = 0
    _started: float = field(init=False)
    _at_start: float = field(init=False, default=0)
    _drawn: float = field(init=False, default=float("-inf"))
    _drawn_text: str = field(init=False, default="")
    _finished: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.restart_clock()
        if not self._on_terminal:
            self._drawn = self._started

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def restart_clock(self) -> None:
        """Measure the rate and the remaining time from now on, because the time before was waiting."""
        self._started, self._at_start = self.clock(), self.done

    def advance(self, amount: float) -> None:
        """Add `amount` to what is done."""
        self.reached(self.done + amount)

    def reached(self, done: float) -> None:
        """Set the total that is done, and redraw if the last drawing is old enough."""
        self.done = done
        if self.clock() - self._drawn >= (REDRAW_SECONDS if self._on_terminal else PLAIN_LINE_SECONDS):
            self._draw()

    def interrupt(self) -> None:
        """Clear the bar so that other lines can be printed."""
        if self._on_terminal and self._drawn_text:
            self.stream.write("\r" + " " * len(self._drawn_text) + "\r")
            self.stream.flush()
            self._drawn, self._drawn_text = float("-inf"), ""

    def finish(self) -> None:
        """Draw the final state and end the line."""
        self._finished = True
        if self._text() != self._drawn_text:
            self._draw()
        if self._on_terminal and self._drawn_text:
            self.stream.write("\n")
            self.stream.flush()
            self._drawn_text = ""

    @property
    def _on_terminal(self) -> bool:
        return self.stream.isatty()

    def _draw(self) -> None:
        text = self._text()
        if self._on_terminal:
            self.stream.write("\r" + text.ljust(len(self._drawn_text)))
        else:
            self.stream.write(text + "\n")
        self.stream.flush()
        self._drawn, self._drawn_text = self.clock(), text

    def _text(self) -> str:
        elapsed = max(self.clock() - self._started, 1e-6)
        parts = [f"{self.unit(self.done)} of {self.unit(self.total)}"]
        if rate := (self.done - self._at_start) / elapsed:
            parts.append(f"{self.unit(rate)}/s" if rate >= 1 else f"{rate:.2f}/s")
            left = (self.total - self.done) / rate
            goes_on = self.done < self.total and not self._finished
            parts.append(f"{readable_seconds(left)} left" if goes_on else readable_seconds(elapsed))
        share = min(self.done / self.total, 1.0) if self.total else 1.0
        numbers = f"{share:4.0%} {', '.join(parts)}"
        return self._with_bar(share, numbers) if self._on_terminal else f"{self.label} {numbers}"

    def _with_bar(self, share: float, numbers: str) -> str:
        """Return a text that fits on one line, because a longer text cannot be overwritten."""
        columns = get_terminal_size().columns - 1
        label = self.label[: max(columns - len(numbers) - 1, 0)]
        width = min(BAR_WIDTH, columns - len(label) - len(numbers) - len(" [] "))
        if width < SHORTEST_BAR:
            return f"{label} {numbers}"[:columns]
        filled = int(share * width)
        return f"{label} [{'#' * filled}{'.' * (width - filled)}] {numbers}"
