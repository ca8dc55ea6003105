"""A text file that says what an environment needs."""

from pathlib import Path

from scorer_container.node.environments.errors import EnvironmentPreparationError


def read_text(path: Path, title: str) -> str:
    """The text; raises EnvironmentPreparationError with `title` when it is in another encoding than UTF-8."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without its mark at the beginning can be read as UTF-8, with these between the letters
        raise EnvironmentPreparationError(f"{title} is not UTF-8 text: save it as UTF-8")
    return text
