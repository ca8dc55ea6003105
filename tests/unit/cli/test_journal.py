import pytest

from cli.deploy.assets import UndoJournal
from cli.output.errors import ConflictError, InvalidInputError

pytestmark = pytest.mark.unit


def test_a_failure_undoes_the_newest_first() -> None:
    undone: list[str] = []
    with pytest.raises(InvalidInputError, match="the third"), UndoJournal() as journal:
        journal.made("first", lambda: undone.append("first"))
        journal.made("second", lambda: undone.append("second"))
        raise InvalidInputError("the third step failed")
    assert undone == ["second", "first"]


def test_an_interruption_undoes_too() -> None:
    undone: list[str] = []
    with pytest.raises(KeyboardInterrupt), UndoJournal() as journal:
        journal.made("first", lambda: undone.append("first"))
        raise KeyboardInterrupt
    assert undone == ["first"]


def test_success_undoes_nothing() -> None:
    undone: list[str] = []
    with UndoJournal() as journal:
        journal.made("first", lambda: undone.append("first"))
    assert undone == []


def test_what_could_not_be_undone_is_said() -> None:
    undone: list[str] = []

    def refuse() -> None:
        raise ConflictError("it is in use")

    with pytest.raises(InvalidInputError) as caught, UndoJournal() as journal:
        journal.made("first", lambda: undone.append("first"))
        journal.made("batchEndpoints/x", refuse)
        raise InvalidInputError("the third step failed", hint="Mend it")
    assert undone == ["first"]
    assert caught.value.as_line() == (
        "the third step failed. Mend it. These could not be removed again: batchEndpoints/x."
    )
