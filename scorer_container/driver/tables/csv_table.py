"""CSV files as tables.

pandas guesses the types of numbers and booleans alone, and where a guess could have changed a value, that column is
read again as the texts that the file holds. The casts to the types of the signature see either exact numbers or texts.
"""

import warnings
from typing import Any, Dict, Tuple

from ..values.failures import TableError
from .column_casts import surely_exact
from .column_kinds import DECIMALS, EXACT_BELOW, GUESS, MISSING_WORDS, NUMBER, WHOLE_NUMBERS, ColumnKinds
from .csv_file import NUL_FOUND, CsvFile

_GUESSED = (*WHOLE_NUMBERS, *DECIMALS, NUMBER, GUESS, "boolean")
_MAY_SAY_MISSING = (*_GUESSED, "datetime")


def read_csv(path: str, kinds: ColumnKinds) -> Any:
    """Read the table in the file; raise TableError if its rows do not fit its header."""
    try:
        return _Reading(CsvFile(path), kinds).table()
    except UnicodeDecodeError as error:
        raise TableError("the file is no UTF-8 text ({}); save it as UTF-8".format(error)) from None


class _Reading:
    def __init__(self, file: CsvFile, kinds: ColumnKinds) -> None:
        self._file = file
        self._names = file.names()
        self._kinds = [kinds.of(position, name) for position, name in enumerate(self._names)]
        self._guessing = kinds.guessing
        self._in_parts = True
        self._fields = file.fields
        for name, given in zip(file.header, self._names):
            if name and name != given and kinds.has(name) and not kinds.has(given):
                raise TableError("the header names two columns {!r}; give each a name of its own".format(name))

    def table(self) -> Any:
        frame = self._checked()
        if not self._guessing:
            self._read_doubts_again(frame)
        last = len(self._names)
        while last > self._file.named and frame[last - 1].isna().all():
            last -= 1
        if last < self._fields:
            frame = frame[list(range(last))]
        frame.columns = self._names[:last]
        return frame

    def _checked(self) -> Any:
        """The table, once it is known that every row has the fields of the header."""
        import pandas

        try:
            return self._checked_once()
        except pandas.errors.ParserError:
            self._fields = self._file.check_rows()  # makes room for the commas at the end of some lines
        except pandas.errors.DtypeWarning:
            self._in_parts = False
        return self._checked_once()

    def _checked_once(self) -> Any:
        with self._file.rows() as text:
            frame = self._read(text, self._types())
            content: Any = text.buffer
        if content.has_zeros:
            raise TableError(NUL_FOUND)
        if content.has_quotes or not self._is_even(frame):
            self._file.check_rows()  # pandas also takes a quoted field that goes on behind its end
        return frame

    def _is_even(self, frame: Any) -> bool:
        """Whether all rows of a file without quotes surely have as many fields as the header.

        A row with fewer has nothing in the last column. One with more is refused by pandas from version 2 on.
        """
        if self._fields > len(self._file.header):
            return False
        last_is_full = not frame[self._file.named - 1].isna().any()
        if last_is_full and _pandas() >= (2, 0):
            return True
        return self._file.commas() == (len(frame) + 1) * (self._fields - 1)

    def _types(self) -> Dict[int, Any]:
        if self._guessing:
            return {}
        return {position: str for position, kind in self._with_extras() if kind not in _GUESSED}

    def _with_extras(self) -> Any:
        return enumerate(self._kinds + [""] * (self._fields - len(self._kinds)))

    def _read(self, text: Any, types: Dict[int, Any], **more: Any) -> Any:
        import pandas

        if not self._guessing:
            more["keep_default_na"] = False
            more["na_values"] = {
                position: MISSING_WORDS if kind in _MAY_SAY_MISSING else [""] for position, kind in self._with_extras()
            }
        with warnings.catch_warnings():
            # A column with texts in one part and numbers in another: one guess has to do for the whole column.
            warnings.simplefilter("error" if self._guessing else "ignore", pandas.errors.DtypeWarning)
            return pandas.read_csv(
                text,
                header=None,
                names=list(range(self._fields)),
                index_col=False,
                dtype=types,
                skip_blank_lines=self._file.skips_blank_lines,
                low_memory=self._in_parts,
                **_nearest(),
                **more,
            )

    def _read_doubts_again(self, frame: Any) -> None:
        doubtful = [
            position
            for position, kind in enumerate(self._kinds)
            if kind in _GUESSED and not _is_exact(frame[position], kind)
        ]
        if doubtful:
            with self._file.rows() as text:
                texts = self._read(text, dict.fromkeys(doubtful, str), usecols=doubtful)
            for position in doubtful:
                frame[position] = texts[position]


def _is_exact(column: Any, kind: str) -> bool:
    """Whether pandas' guess is surely what the texts of the column say."""
    if column.dtype.kind == "b" or kind == GUESS or column.isna().all():  # no text is in doubt
        return True
    if column.dtype.kind == "i":
        return kind != "boolean"  # `01` is 1, and no boolean
    return kind in EXACT_BELOW and column.dtype.kind == "f" and surely_exact(column.to_numpy(), kind)


def _nearest() -> Dict[str, Any]:
    """Have decimal numbers read as the nearest ones; from version 3.1 on, pandas always does that."""
    return {} if _pandas() >= (3, 1) else {"float_precision": "round_trip"}


def _pandas() -> Tuple[int, ...]:
    import pandas

    return tuple(int(part) for part in pandas.__version__.split(".")[:2])
