"""What a model's signature says about each column of a table."""

from typing import Any, Dict, List, Optional

WHOLE_NUMBERS = ("integer", "long")
DECIMALS = ("float", "double")
NUMBER = "number"
"""A column of a tensor: the type is that of the whole tensor, so the column is only known to hold numbers."""
EXACT_BELOW = {"float": 2.0**24, NUMBER: 2.0**24, "double": 2.0**53}
"""A type holds every whole number below this. Above it, the cast must see how a number is written."""
NESTED = "nested"
"""Lists, objects and maps, and whatever MLflow adds: their own types say what is in them."""
UNKNOWN = "unknown"
"""The signature does not name the column, so MLflow leaves it out."""
GUESS = "guess"
"""No signature: pandas guesses the type."""
MISSING_WORDS = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
]
"""Stand for a missing value in columns of numbers, booleans and dates, as in pandas: `na_values` of `read_csv`."""

_KINDS_OF_TENSORS = {
    **dict.fromkeys("iufc", NUMBER),
    **dict.fromkeys("US", "string"),
    "b": "boolean",
    "M": "datetime",
}
"""Kinds by numpy's letter for a kind of dtype."""


class ColumnKinds:
    """The kinds of a table's columns, by name; by position where the signature has no names."""

    def __init__(self, schema: Any) -> None:
        """`schema` is the input schema of the signature, or None."""
        self.guessing = schema is None
        self.tensors: List[Any] = list(schema.inputs) if schema is not None and schema.is_tensor_spec() else []
        self._columns: List[Any] = [] if schema is None or self.tensors else list(schema.inputs)
        self._named = bool(self._columns) and schema.has_input_names()
        self._by_name: Dict[Any, str] = {column.name: _kind(column) for column in self._columns if self._named}
        self._types: Dict[Any, Any] = {column.name: column.type for column in self._columns if self._named}
        # A DataFrame made of an array has the names 0, 1, 2; files only have texts for names.
        self._names_as_text: Dict[str, Any] = {str(name): name for name in self._by_name}

    def label(self, name: Any) -> Any:
        """Return the signature's own name for the column that the file calls `name`."""
        return name if name in self._by_name else self._names_as_text.get(name, name)

    def of(self, position: int, name: Any) -> str:
        """Return the kind of one column: one of MLflow's types or of the constants above."""
        if self.guessing:
            return GUESS
        if self.tensors:
            return self._of_tensor(name)
        if self._named:
            return self._by_name.get(self.label(name), UNKNOWN)
        return _kind(self._columns[position]) if position < len(self._columns) else UNKNOWN

    def type_of(self, position: int, name: Any) -> Any:
        """The type of MLflow's of a column that the signature has."""
        return self._types[self.label(name)] if self._named else self._columns[position].type

    def has(self, name: Any) -> bool:
        """Return True if the signature has a column or a tensor of this name."""
        return self.label(name) in self._by_name or any(tensor.name == name for tensor in self.tensors)

    def ambiguous(self, names: List[Any]) -> Optional[Any]:
        """The first of `names` that is there twice although the signature asks for it; None when there is none.

        A signature without names asks for the columns by position, and MLflow takes no two of one name then.
        """
        seen = set()
        for position, name in enumerate(names):
            if name in seen and not (self._named and self.of(position, name) == UNKNOWN):
                return name
            seen.add(name)
        return None

    def _of_tensor(self, name: Any) -> str:
        own = [tensor for tensor in self.tensors if tensor.name == name]
        if not own and len(self.tensors) > 1:
            return UNKNOWN
        kind = (own or self.tensors)[0].type.kind
        return _KINDS_OF_TENSORS.get(kind, GUESS)


def _kind(column: Any) -> str:
    return getattr(column.type, "name", "") or NESTED
