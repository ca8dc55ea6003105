"""JSON and JSON lines as tables.

With a signature, a number stays text until its column is cast: a column of texts gets `1.50` as it is written, and
whole numbers stay exact.
"""

import json
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ..values.failures import TableError
from ..values.plain import first_repeated
from .column_kinds import GUESS, NESTED, ColumnKinds
from .written import Written, as_numbers

FORMS = 'a list of records or {"columns": [...], "data": [...]}'

WRAPPERS = ("dataframe_split", "dataframe_records", "input_data")
"""Members that hold the table in a request to a model server: of MLflow, of MLflow, of Azure's online endpoints."""


def read_json_lines(path: str, kinds: ColumnKinds) -> Any:
    """Read one record a line and skip blank lines; raise TableError with the number of the line."""
    decoder = _decoder(kinds)
    records = []
    for number, line in _lines(path):
        try:
            record = decoder.decode(line)
        except json.JSONDecodeError as error:
            message = "line {} is no JSON: {} (column {})".format(number, error.msg, error.colno)
            raise TableError(message) from None
        except TableError as error:
            raise TableError("line {}: {}".format(number, error)) from None
        if not isinstance(record, dict):
            raise TableError("line {} is no JSON object".format(number))
        records.append(record)
    return _of_records(records, kinds)


def read_json(path: str, kinds: ColumnKinds) -> Any:
    """The table of a JSON file in one of the FORMS; raises TableError where it has another one."""
    with open(path, encoding="utf-8-sig") as file:
        try:
            content = _decoder(kinds).decode(file.read().strip())
        except UnicodeDecodeError as error:
            raise TableError("the file is no UTF-8 text ({}); save it as UTF-8".format(error)) from None
        except json.JSONDecodeError as error:
            raise TableError("the file is no JSON: {}".format(error)) from None
    content = _unwrapped(content)
    if isinstance(content, dict) and isinstance(content.get("data"), list):
        rows, names = content["data"], content.get("columns")
        return _of_rows(rows, names, kinds) if names is not None or not _all_records(rows) else _of_records(rows, kinds)
    if not isinstance(content, list):
        raise TableError("the JSON is not {}; other forms need a scoring script".format(FORMS))
    for number, record in enumerate(content):
        if not isinstance(record, dict):
            raise TableError("record {} is no JSON object".format(number))
    return _of_records(content, kinds)


def _unwrapped(content: Any) -> Any:
    """The table in a request to a model server; anything else as it is."""
    wrapper = next((name for name in WRAPPERS if isinstance(content, dict) and name in content), None)
    if wrapper is None:
        return content
    others = [name for name in content if name != wrapper]
    if others:
        message = "the JSON has {} beside {!r}, which the model would not get; leave it out, or write a scoring script"
        raise TableError(message.format(", ".join(map(repr, others)), wrapper))
    table = content[wrapper]
    is_list_of_rows = (
        wrapper == "input_data" and isinstance(table, list) and not any(isinstance(r, dict) for r in table)
    )
    return {"data": table} if is_list_of_rows else table


def _lines(path: str) -> Iterator[Tuple[int, str]]:
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                raise TableError("line {} is no UTF-8: {}".format(number, error.reason)) from None
            if text:
                yield number, text


def _decoder(kinds: ColumnKinds) -> json.JSONDecoder:
    if kinds.guessing:
        return json.JSONDecoder(object_pairs_hook=_object)
    return json.JSONDecoder(object_pairs_hook=_object, parse_int=Written, parse_float=Written)


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise TableError("{!r} is there twice in one object".format(first_repeated(name for name, _ in pairs)))
    return members


def _all_records(rows: List[Any]) -> bool:
    return bool(rows) and all(isinstance(row, dict) for row in rows)


def _of_records(records: List[Dict[str, Any]], kinds: ColumnKinds) -> Any:
    import pandas

    if not records:  # pandas 1 fails of them
        return pandas.DataFrame()
    if kinds.guessing:
        return pandas.DataFrame.from_records(records, index=range(len(records)))
    names = list(dict.fromkeys(name for record in records for name in record))
    return _frame(names, [[record.get(name) for record in records] for name in names], len(records), kinds)


def _of_rows(rows: List[Any], names: Optional[List[Any]], kinds: ColumnKinds) -> Any:
    import pandas

    rows = [row if isinstance(row, list) else [row] for row in rows]
    width = len(rows[0]) if names is None and rows else len(names or [])
    for number, row in enumerate(rows):
        if len(row) != width:
            raise TableError("row {} (counted from 0) has {} values for {} columns".format(number, len(row), width))
    if kinds.guessing:
        return pandas.DataFrame(rows, columns=names)
    names = list(range(width)) if names is None else [as_numbers(name) for name in names]
    return _frame(names, [[row[position] for row in rows] for position in range(width)], len(rows), kinds)


def _frame(names: List[Any], columns: List[List[Any]], rows: int, kinds: ColumnKinds) -> Any:
    import pandas

    series = {
        position: pandas.Series(_for_kind(values, kinds.of(position, names[position])), dtype=object, index=range(rows))
        for position, values in enumerate(columns)
    }
    frame = pandas.DataFrame(series, index=range(rows))
    frame.columns = names
    return frame


def _for_kind(values: List[Any], kind: str) -> List[Any]:
    if kind == NESTED:  # its cast looks into lists
        return values
    if kind in (GUESS, "binary"):
        return [as_numbers(value) for value in values]
    if kind == "string":
        values = [str(value).lower() if isinstance(value, bool) else value for value in values]
    if set(map(type, values)) <= {Written, str, bool, type(None)}:
        return values
    return [as_numbers(value) if isinstance(value, (list, dict)) else value for value in values]
