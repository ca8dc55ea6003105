"""A table of typed rows: one that is missing is empty, and made by the first write."""

import pytest
from pydantic import BaseModel

from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, Problems, UnreadableError
from shared.storage.rows import Row, RowTable, readable
from tests.broken_rows import BROKEN, write_broken

pytestmark = pytest.mark.integration


class Note(BaseModel):
    text: str


@pytest.fixture
def table(unique_table_name):
    return unique_table_name("notes")


@pytest.fixture
def notes(account, table):
    return RowTable(account.tables, table, Note)


def test_a_missing_table_is_empty_to_readers_who_do_not_create_it(account, notes):
    tables = {table.name for table in account.tables.list_tables()}
    assert notes.find("p", "k") is None
    with pytest.raises(NotFoundError):
        notes.get("p", "k")
    assert list(notes.partition("p")) == []
    assert list(notes.all()) == []
    assert notes.page("p", 10) == ([], None)
    assert notes.delete("p", "k") is False
    assert notes.delete_partition("p") == 0
    with pytest.raises(PreconditionFailedError):
        notes.replace(Row("p", "k", Note(text="old"), 'W/"x"'), Note(text="new"))
    assert {table.name for table in account.tables.list_tables()} == tables


@pytest.mark.parametrize("write", ["insert", "put"])
def test_the_first_write_makes_the_table(notes, write):
    getattr(notes, write)("p", "k", Note(text="first"))
    assert notes.get("p", "k").document == Note(text="first")


def test_a_row_is_inserted_once_and_replaced_only_by_who_read_it_last(notes):
    row = notes.insert("p", "k", Note(text="first"))
    with pytest.raises(ConflictError):
        notes.insert("p", "k", Note(text="other"))
    notes.replace(row, Note(text="x" * 70_000))
    assert notes.get("p", "k").document.text == "x" * 70_000
    with pytest.raises(PreconditionFailedError):
        notes.replace(row, Note(text="third"))
    with pytest.raises(PreconditionFailedError):
        notes.remove(row)


def test_an_update_begins_again_when_another_writer_comes_first(notes):
    def appended(row):
        if row is None or row.document.text == "other":  # the other one comes between reading and writing
            notes.put("p", "k", Note(text="other" if row is None else "another"))
        return Note(text=f"{row.document.text if row else 'nothing'} and mine")

    assert notes.update("p", "k", appended).document == Note(text="another and mine")
    assert notes.get("p", "k").document == Note(text="another and mine")


def test_an_update_that_always_loses_is_refused(notes):
    def raced(row):
        notes.put("p", "k", Note(text=f"{row.document.text if row else ''}x"))
        return Note(text="mine")

    with pytest.raises(PreconditionFailedError, match=r"others change .* all the time"):
        notes.update("p", "k", raced)


def test_an_update_that_changes_nothing_writes_nothing(notes):
    row = notes.insert("p", "k", Note(text="first"))
    assert notes.update("p", "k", lambda current: current.document) == row


def test_a_partition_is_deleted_although_somebody_else_deletes_rows_of_it(notes, monkeypatch):
    for key in "abc":
        notes.put("p", key, Note(text=key))
    listed = list(notes.partition("p"))
    notes.delete("p", "b")
    with monkeypatch.context() as then:
        then.setattr(notes, "partition", lambda _: iter(listed))
        assert notes.delete_partition("p") == 3
    assert list(notes.partition("p")) == []


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_row_that_cannot_be_read_hides_no_other_and_can_be_deleted(account, notes, table, content, caplog):
    notes.put("p", "a", Note(text="first"))
    notes.put("p", "z", Note(text="last"))
    write_broken(account.tables, table, "p", "k", content)
    problems = Problems()
    for rows in (notes.partition("p"), notes.all(), notes.page("p", 10)[0]):
        assert [row.key for row in readable(rows, problems)] == ["a", "z"]
    assert len(problems) == 3
    assert f"row p / k of table {table} cannot be read (" in problems[0].message
    assert problems[0].message in caplog.text
    with pytest.raises(UnreadableError, match="delete what it describes and create it again"):
        notes.get("p", "k").document  # noqa: B018 - asking for it is what raises
    assert notes.delete("p", "k")
    write_broken(account.tables, table, "p", "k", content)
    assert notes.delete_partition("p") == 3
