"""What `.amlignore` or `.gitignore` leaves out of an uploaded folder, as the official client reads them.

Source: `azure-ai-ml`, `_utils/_asset_utils.py`. Only the file in the folder itself counts; `.amlignore` wins, also an
empty one. The last pattern that matches a file decides, so `!data/keep.csv` keeps a file of an ignored folder. A
link is judged by its own path.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output.errors import InvalidInputError

if TYPE_CHECKING:
    from pathspec import PathSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

NAMES = (".amlignore", ".gitignore")
"""The first one that is there is used."""


@dataclass(frozen=True)
class IgnoreFile:
    """The ignore file of a folder."""

    path: Path
    patterns: "PathSpec[GitIgnoreSpecPattern]"

    def ignores(self, relative_path: str) -> bool:
        """Whether a file (or a folder, with a slash at its end) is left out; the path is relative to the folder."""
        return self.patterns.match_file(relative_path)


def ignore_file_of(folder: Path) -> IgnoreFile | None:
    """The ignore file in `folder`; raises InvalidInputError when it cannot be read or has a pattern that is not one."""
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    return IgnoreFile(path, _patterns(path)) if path else None


def check_kept(folder: Path, relative_path: str, what: str) -> None:
    """Raise InvalidInputError when the ignore file of `folder` leaves out this file of it, which is `what`."""
    ignore_file = ignore_file_of(folder)
    if ignore_file and ignore_file.ignores(relative_path):
        raise InvalidInputError(
            f"{what} {relative_path!r} is left out by {ignore_file.path}",
            hint=f"Take it out of {ignore_file.path.name}, or add a line !{relative_path}",
        )


def _patterns(path: Path) -> "PathSpec[GitIgnoreSpecPattern]":
    import re

    from pathspec import PathSpec
    from pathspec.patterns.gitignore.base import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidInputError(f"{path} is not UTF-8 text", hint="Save it as UTF-8") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read ({(error.strerror or '').lower()})") from None
    patterns = []
    for number, line in enumerate(lines, 1):
        try:
            patterns.append(GitIgnoreSpecPattern(line))
        except (GitIgnorePatternError, re.error):
            raise InvalidInputError(f"{path}, line {number}: {line!r} is not a pattern") from None
    return PathSpec(patterns)
