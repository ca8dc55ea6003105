"""Parquet files as tables."""

from typing import Any, List

from .column_kinds import ColumnKinds


def read_parquet(path: str, kinds: ColumnKinds) -> Any:
    """The table in the file. With a signature whole numbers stay exact beside missing values.

    An index that pandas wrote into the file is a column only where the signature names it.
    """
    import pandas

    if kinds.guessing:
        return pandas.read_parquet(path)
    try:
        import pyarrow.parquet
    except ImportError:  # pandas reads with fastparquet then
        return pandas.read_parquet(path).reset_index(drop=True)
    with open(path, "rb") as file:
        table = pyarrow.parquet.ParquetFile(file).read()
    index = _index_columns(table.schema)
    kept = [position for position, name in enumerate(table.column_names) if name not in index or kinds.has(name)]
    frame = pandas.DataFrame(
        {position: _exact(table.column(position)) for position in kept}, index=range(table.num_rows)
    )
    frame.columns = [table.column_names[position] for position in kept]
    return frame


def _index_columns(schema: Any) -> List[str]:
    described = (schema.pandas_metadata or {}).get("index_columns", [])
    return [column for column in described if isinstance(column, str)]


def _exact(column: Any) -> Any:
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.to_pandas(integer_object_nulls=True)
