"""Generated tables as files, written with Python's own csv rules, `json` and pyarrow: never with pandas."""

import datetime
import gzip
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.unit.scorer.values.generated_tables import Column, Table

_TRUTHS = {True: ["true", "True", "TRUE", "1"], False: ["false", "False", "FALSE", "0"]}
_MISSING = ["", "NA", "NaN", "null", "None"]
_ZONE = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 (of moments that name no zone)


class UnwritableError(Exception):
    """A file of this kind cannot hold these values."""


def csv_file(table: Table, random: Random) -> bytes:
    """With the quotes that are needed, and some more; a byte order mark, and either line end."""
    columns = {column.name: [_text(value, column.kind, random) for value in column.values] for column in table.columns}
    return csv_text(columns, random)


def csv_text(columns: dict[str, list[Any]], random: Random) -> bytes:
    """Columns of texts and numbers; None is an empty field."""
    end = random.choice(["\n", "\r\n"])
    cells = [["" if value is None else str(value) for value in values] for values in columns.values()]
    rows = [list(columns), *zip(*cells, strict=True)]
    lines = [",".join(_field(text, random) for text in row) for row in rows]
    return (random.choice(["", "\ufeff"]) + end.join(lines) + random.choice([end, end if cells[0] else ""])).encode()


def csv_gz_file(table: Table, random: Random) -> bytes:
    return gzip.compress(csv_file(table, random), 1)


def json_lines_file(table: Table, random: Random) -> bytes:
    records = _records(table, random)
    return "".join(json.dumps(record, ensure_ascii=random.choice([True, False])) + "\n" for record in records).encode()


def records_file(table: Table, random: Random) -> bytes:
    records: Any = _records(table, random)
    return json.dumps({"dataframe_records": records} if random.choice([True, False]) else records).encode()


def split_file(table: Table, random: Random) -> bytes:
    rows = zip(*([json_value(v, column.kind, random) for v in column.values] for column in table.columns), strict=True)
    split = {"columns": [column.name for column in table.columns], "data": [list(row) for row in rows]}
    return json.dumps({"dataframe_split": split} if random.choice([True, False]) else split).encode()


def parquet_file(table: Table, random: Random) -> bytes:
    content = io.BytesIO()
    arrays = [_arrow(column, random) for column in table.columns]
    pq.write_table(pa.Table.from_arrays(arrays, [column.name for column in table.columns]), content)
    return content.getvalue()


FILES: dict[str, Callable[[Table, Random], bytes]] = {
    "a.csv": csv_file,
    "a.csv.gz": csv_gz_file,
    "a.jsonl": json_lines_file,
    "records.json": records_file,
    "split.json": split_file,
    "a.parquet": parquet_file,
}


def _field(text: str, random: Random) -> str:
    needs = any(character in text for character in ',"\r\n') or text.startswith("\ufeff")
    return '"' + text.replace('"', '""') + '"' if needs or random.choice([False, False, True]) else text


def _text(value: Any, kind: str, random: Random) -> str:
    if value is None:
        return "" if kind == "string" else random.choice(_MISSING)
    if isinstance(value, bool):
        return random.choice(_TRUTHS[value])
    if isinstance(value, datetime.datetime):
        return iso(value, random)
    return str(value)


def iso(moment: datetime.datetime, random: Random) -> str:
    """The moment in one of the forms of ISO 8601."""
    zone = random.choice(["", "Z", "+00:00", "+05:30"])
    if zone == "+05:30":
        return moment.replace(tzinfo=datetime.UTC).astimezone(_ZONE).isoformat(random.choice(["T", " "]))
    if not zone and moment.time() == datetime.time() and random.choice([True, False]):
        return moment.date().isoformat()
    return moment.isoformat(random.choice(["T", " "])) + zone


def _records(table: Table, random: Random) -> list[dict[str, Any]]:
    """Objects with a member for each value; a missing one may lack its member where another row has it."""
    records = []
    for row in range(table.rows):
        record = {}
        for column in table.columns:
            value = column.values[row]
            leave_out = value is None and table.is_named and any(v is not None for v in column.values)
            if not (leave_out and random.choice([True, False])):
                record[column.name] = json_value(value, column.kind, random)
        records.append(record)
    return records


def json_value(value: Any, kind: str, random: Random) -> Any:
    return iso(value, random) if isinstance(value, datetime.datetime) else value


def _arrow(column: Column, random: Random) -> Any:
    values = column.values
    if column.kind == "string":
        return _texts(values, random)
    if column.kind == "datetime":
        return _moments(values, random)
    if column.kind in ("float", "double"):
        wide = random.choice([pa.float64(), pa.float32()]) if column.kind == "float" else pa.float64()
        return pa.array(values, wide)
    if column.kind == "boolean":
        return pa.array(values, pa.bool_())
    fitting = [t for t in (pa.int8(), pa.uint8(), pa.int32(), pa.uint64(), pa.float64()) if _fits(values, t)]
    return pa.array(values, random.choice([pa.int64(), *fitting]))


def _texts(values: list[str | None], random: Random) -> Any:
    array = pa.array(values, random.choice([pa.string(), pa.large_string()]))
    return array.dictionary_encode() if random.choice([True, False]) else array


def _moments(values: list[datetime.datetime | None], random: Random) -> Any:
    microseconds = [None if v is None else (v - _EPOCH) // datetime.timedelta(microseconds=1) for v in values]
    zone = random.choice([None, "UTC", "Europe/Berlin"])
    if all(v is None or v % 1000 == 0 for v in microseconds) and random.choice([True, False]):
        return pa.array([None if v is None else v // 1000 for v in microseconds], pa.timestamp("ms", zone))
    if random.choice([True, False]):
        return pa.array([None if v is None else v * 1000 for v in microseconds], pa.timestamp("ns", zone))
    return pa.array(microseconds, pa.timestamp("us", zone))


def _fits(values: list[int], kind: Any) -> bool:
    if pa.types.is_floating(kind):
        return all(abs(value) < 2**53 for value in values)
    limits = np.iinfo(kind.to_pandas_dtype())
    return all(limits.min <= value <= limits.max for value in values)


def mixed_csv(table: Table, random: Random) -> bytes:
    """Values of any type, as Python shows them."""
    return csv_text({column.name: column.values for column in table.columns}, random)


def mixed_json_lines(table: Table, random: Random) -> bytes:
    """Values of any type; raises UnwritableError for infinities."""
    try:
        return "".join(json.dumps({"a": v}, allow_nan=False) + "\n" for v in table.columns[0].values).encode()
    except ValueError as error:
        raise UnwritableError from error


def mixed_parquet(table: Table, random: Random) -> bytes:
    """Values of one type that Parquet has; raises UnwritableError for others."""
    values = table.columns[0].values
    if len({type(value) for value in values if value is not None}) > 1:
        raise UnwritableError
    try:
        array = pa.array(values)
    except (pa.ArrowException, OverflowError) as error:
        raise UnwritableError from error
    content = io.BytesIO()
    pq.write_table(pa.table({"a": array}), content)
    return content.getvalue()


MIXED_FILES: dict[str, Callable[[Table, Random], bytes]] = {
    "a.csv": mixed_csv,
    "a.jsonl": mixed_json_lines,
    "a.parquet": mixed_parquet,
}
