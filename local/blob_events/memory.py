"""Which contents of which blobs have been told of, kept over restarts."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

_SCHEMA = "CREATE TABLE IF NOT EXISTS seen (place TEXT, name TEXT, etag TEXT, PRIMARY KEY (place, name)) WITHOUT ROWID"
_BELOW = "SELECT name, etag FROM seen WHERE place = ? AND substr(name, 1, length(?)) = ?"
_FORGET_OTHERS = """DELETE FROM seen WHERE NOT EXISTS (
    SELECT 1 FROM watched WHERE watched.place = seen.place AND substr(name, 1, length(prefix)) = prefix)"""


class Memory:
    """One file in the data folder. Used by one thread at a time."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(_SCHEMA)

    def seen(self, place: str, prefix: str) -> dict[str, str]:
        """The blobs of a container whose names begin so, with the ETags of what was told of."""
        return dict(self._database.execute(_BELOW, (place, prefix, prefix)))

    def remember(self, place: str, etags: Iterable[tuple[str, str]], gone: Iterable[str] = ()) -> None:
        """Keep names with their ETags; forget blobs that are gone."""
        with self._database:
            self._database.executemany("REPLACE INTO seen VALUES (?, ?, ?)", [(place, *one) for one in etags])
            self._database.executemany("DELETE FROM seen WHERE place = ? AND name = ?", [(place, one) for one in gone])

    def keep_only(self, watched: Iterable[tuple[str, str]]) -> None:
        """Forget all blobs that are in none of these places below these prefixes."""
        with self._database:
            self._database.execute("CREATE TEMP TABLE watched (place TEXT, prefix TEXT)")
            self._database.executemany("INSERT INTO watched VALUES (?, ?)", watched)
            self._database.execute(_FORGET_OTHERS)
            self._database.execute("DROP TABLE watched")

    def close(self) -> None:
        """Release the file."""
        self._database.close()
