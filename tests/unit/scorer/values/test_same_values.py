"""Whatever file holds them, values reach a model as they are in process, or the file is refused.

The expected values are the generated ones; no reader of ours has seen them. `make fuzz-values` tries more of them.
"""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from scorer_container.driver.tables.model_input import ModelInput  # noqa: E402 (as above)
from scorer_container.driver.values.failures import CastError, TableError  # noqa: E402 (below the mark for MLflow's warnings)
from tests.unit.scorer.values import generated_tensors  # noqa: E402 (as above)
from tests.unit.scorer.values.generated_tables import Table, misfits, tables  # noqa: E402 (as above)
from tests.unit.scorer.values.in_process import RefusedError, frame_of, predicted, schema_of  # noqa: E402 (as above)
from tests.unit.scorer.values.same_value import forms_of  # noqa: E402 (as above)
from tests.unit.scorer.values.tried_values import tried  # noqa: E402 (as above)
from tests.unit.scorer.values.written_tables import FILES, MIXED_FILES, UnwritableError  # noqa: E402 (as above)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


def given_to_the_model(folder, name: str, content: bytes, schema) -> list:
    path = folder / "local"
    path.write_bytes(content)
    data = ModelInput(schema).read(str(path), name)
    rows = len(next(iter(data.values()))) if isinstance(data, dict) else len(data)
    return predicted(schema, data) if rows else []


def held_by(name: str, table: Table) -> Table:
    """What a file of this kind can hold of the table: an empty text is a missing one in CSV."""
    if ".csv" not in name:
        return table
    columns = [dataclasses.replace(c, values=[None if v == "" else v for v in c.values]) for c in table.columns]
    return dataclasses.replace(table, columns=columns)


@tried
@given(table=tables(), random=st.randoms())
def test_every_container_gives_the_model_what_it_gets_in_process(folder, table, random):
    schema = schema_of(table)
    for name, write in FILES.items():
        content = write(table, random)
        expected = predicted(schema, frame_of(held_by(name, table))) if table.rows else []
        if ".csv" in name and table.has_zeros:
            with pytest.raises(TableError, match="NUL"):
                given_to_the_model(folder, name, content, schema)
        else:
            assert given_to_the_model(folder, name, content, schema) == expected, (name, content)


@tried
@given(table=misfits(), random=st.randoms())
def test_a_value_of_any_kind_arrives_as_it_is_or_is_refused(folder, table, random):
    column = table.columns[0]
    for name, write in MIXED_FILES.items():
        try:
            content = write(table, random)
        except UnwritableError:
            continue
        try:
            rows = given_to_the_model(folder, name, content, schema_of(table))
        except (CastError, TableError, RefusedError):
            continue
        assert len(rows) == len(column.values), (name, content)
        for value, ((_, _, got),) in zip(column.values, rows, strict=True):
            assert got in forms_of(value, column.kind), (name, content, value, got)


@tried
@given(tensors=generated_tensors.tensors(), random=st.randoms())
def test_tensors_are_the_same_from_every_container(folder, tensors, random):
    schema = generated_tensors.schema_of(tensors)
    expected = predicted(schema, generated_tensors.arrays_of(tensors)) if tensors.rows else []
    for name, write in generated_tensors.FILES.items():
        content = write(tensors, random)
        if content is not None:
            assert given_to_the_model(folder, name, content, schema) == expected, (name, content)
