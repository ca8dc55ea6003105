"""The task hub: everything durable about orchestrations, in one SQLite file.

Delivery contract: one transaction commits an episode with all that follows from it, one the end of
an activity with the message about it. Whatever ran when the process died has left no trace and runs
again. The hub belongs to one process at a time: SQLite's exclusive lock is the lease, and the
operating system gives it back when the process dies, so nothing has to expire.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from local.functions_host.durable.hub.errors import TaskHubBusyError, TaskHubFormatError
from local.functions_host.durable.hub.rows import (
    COLUMNS,
    ActivityItem,
    Instance,
    Message,
    TimerItem,
    instance_of,
    moment_of,
    row_of,
)

_FORMAT = 1
"""Number of the tables' layout, kept in the file as `user_version`."""

_SCHEMA = f"""
PRAGMA user_version = {_FORMAT};
CREATE TABLE IF NOT EXISTS instances(
  instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  status TEXT NOT NULL, input TEXT, output TEXT, custom_status TEXT, created REAL NOT NULL,
  updated REAL NOT NULL, parent TEXT, generation INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history(
  instance_id TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY(instance_id, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox(
  position INTEGER PRIMARY KEY, instance_id TEXT NOT NULL, execution_id TEXT, event TEXT NOT NULL,
  opening INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS inbox_of_instance ON inbox(instance_id, position);
CREATE TABLE IF NOT EXISTS activities(
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL,
  task_id INTEGER NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS activities_of_instance ON activities(instance_id);
CREATE TABLE IF NOT EXISTS timers(
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL,
  task_id INTEGER NOT NULL, fire_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS timers_of_instance ON timers(instance_id);
"""

_OF_INSTANCE = ("history", "inbox", "activities", "timers")


class TaskHub:
    """The tables of the hub. All methods block, and belong to one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise TaskHubBusyError(f"Task hub {self._path.name} is not open.")
        return self._connection

    def open(self, wait_seconds: float) -> None:
        """Open the file, and create it if it is missing.

        Raises:
            TaskHubBusyError: another process holds the hub and did not let go within `wait_seconds`.
            TaskHubFormatError: another version of the engine wrote the file.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=wait_seconds, isolation_level=None)
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            _check_format(connection, self._path)
            connection.executescript("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT;")
        except sqlite3.OperationalError as error:
            connection.close()
            raise TaskHubBusyError(f"Task hub {self._path.name} is in use by another host ({error}).") from error
        except TaskHubFormatError:
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Close the file and give up the hub."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all changes made inside, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def instance(self, instance_id: str) -> Instance | None:
        """Return the instance with this id."""
        sql = f"SELECT {COLUMNS} FROM instances WHERE instance_id = ?"  # noqa: S608 - a constant
        row = self._db.execute(sql, (instance_id,)).fetchone()
        return instance_of(row) if row else None

    def put_instance(self, instance: Instance) -> None:
        """Insert the instance or replace its row. Call it inside a transaction."""
        self._db.execute(
            "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row_of(instance)
        )

    def forget(self, instance_id: str, tables: Sequence[str] = _OF_INSTANCE) -> None:
        """Delete all rows of an instance. Call it inside a transaction."""
        for table in tables:
            sql = f"DELETE FROM {table} WHERE instance_id = ?"  # noqa: S608 - names from this module's schema
            self._db.execute(sql, (instance_id,))

    def purge(self, instance_id: str) -> None:
        """Delete an instance with everything that belongs to it."""
        with self.transaction():
            self.forget(instance_id, (*_OF_INSTANCE, "instances"))

    def history(self, instance_id: str) -> list[str]:
        """Return the instance's events as JSON texts, in order."""
        sql = "SELECT event FROM history WHERE instance_id = ? ORDER BY position"
        return [row[0] for row in self._db.execute(sql, (instance_id,))]

    def append_history(self, instance_id: str, position: int, events: Sequence[str]) -> None:
        """Add events from `position` on. Call it inside a transaction."""
        rows = [(instance_id, position + index, event) for index, event in enumerate(events)]
        self._db.executemany("INSERT INTO history VALUES (?, ?, ?)", rows)

    def post(self, message: Message) -> None:
        """Put a message into an instance's inbox."""
        self._db.execute(
            "INSERT INTO inbox(instance_id, execution_id, event) VALUES (?, ?, ?)",
            (message.instance_id, message.execution_id, message.event_json),
        )

    def post_first(self, messages: Sequence[Message]) -> None:
        """Put messages before all others. Together they open the next generation of an instance."""
        (lowest,) = self._db.execute("SELECT coalesce(min(position), 0) FROM inbox").fetchone()
        start = lowest - len(messages)
        rows = [
            (start + index, message.instance_id, message.execution_id, message.event_json, message.opening)
            for index, message in enumerate(messages)
        ]
        self._db.executemany("INSERT INTO inbox VALUES (?, ?, ?, ?, ?)", rows)

    def inbox(self, instance_id: str, limit: int | None) -> list[Message]:
        """Return the first `limit` waiting messages. Messages that open a generation do not count."""
        top = -1
        if limit is not None:
            sql = "SELECT count(*) FROM inbox WHERE instance_id = ? AND opening"
            top = limit + self._db.execute(sql, (instance_id,)).fetchone()[0]
        rows = self._db.execute(
            "SELECT instance_id, event, execution_id, position, opening FROM inbox "
            "WHERE instance_id = ? ORDER BY position LIMIT ?",
            (instance_id, top),
        )
        return [Message(a, b, c, d, opening=bool(e)) for a, b, c, d, e in rows]

    def take(self, messages: Sequence[Message]) -> None:
        """Delete messages that an episode has handled."""
        self._db.executemany("DELETE FROM inbox WHERE position = ?", [(m.position,) for m in messages])

    def waiting(self) -> list[str]:
        """Return the ids of the instances with messages in their inbox, longest wait first."""
        sql = "SELECT instance_id FROM inbox GROUP BY instance_id ORDER BY min(position)"
        return [row[0] for row in self._db.execute(sql)]

    def add_activity(self, instance_id: str, execution_id: str, task_id: int, name: str, text: str) -> int:
        """Add an activity to the work, and return its row id."""
        cursor = self._db.execute(
            "INSERT INTO activities(instance_id, execution_id, task_id, name, input) VALUES (?, ?, ?, ?, ?)",
            (instance_id, execution_id, task_id, name, text),
        )
        return int(cursor.lastrowid or 0)

    def activities(self) -> list[ActivityItem]:
        """Return all activities that have not run yet, the oldest first."""
        sql = "SELECT id, instance_id, execution_id, task_id, name, input FROM activities ORDER BY id"
        return [ActivityItem(*row) for row in self._db.execute(sql)]

    def add_timer(self, instance_id: str, execution_id: str, task_id: int, fire_at: datetime) -> int:
        """Set a timer, and return its row id."""
        cursor = self._db.execute(
            "INSERT INTO timers(instance_id, execution_id, task_id, fire_at) VALUES (?, ?, ?, ?)",
            (instance_id, execution_id, task_id, fire_at.timestamp()),
        )
        return int(cursor.lastrowid or 0)

    def timers(self) -> list[TimerItem]:
        """Return all timers that have not fired."""
        sql = "SELECT id, instance_id, execution_id, task_id, fire_at FROM timers"
        return [TimerItem(a, b, c, d, moment_of(e)) for a, b, c, d, e in self._db.execute(sql)]

    def answer(self, table: Literal["activities", "timers"], row_id: int, message: Message) -> bool:
        """Delete a row of `activities` or `timers` and post the message about its end, in one transaction.

        Returns:
            False when the row is gone, its generation is over or its instance is finished: nothing waits
            any more and nothing is posted.
        """
        with self.transaction() as db:
            sql = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608 - one of two literals
            if not db.execute(sql, (row_id,)).rowcount:
                return False
            instance = self.instance(message.instance_id)
            if instance is None or instance.status.finished or instance.execution_id != message.execution_id:
                return False
            self.post(message)
            return True


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and found != _FORMAT:
        raise TaskHubFormatError(
            f"Task hub {path.name} has format {found}; this host reads format {_FORMAT}. "
            "Use the version that wrote it, or move the file away to begin with an empty task hub."
        )


WAIT_FOR_HUB_SECONDS = 10.0
"""A host that replaces another waits this long for the other to stop."""

P = ParamSpec("P")
T = TypeVar("T")


class HubThread:
    """The event loop's way to the task hub."""

    def __init__(self, path: Path, wait_seconds: float = WAIT_FOR_HUB_SECONDS) -> None:
        self._hub = TaskHub(path)
        self._wait_seconds = wait_seconds
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Start the thread and take the hub.

        Raises:
            TaskHubBusyError: another host holds it.
        """
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="task-hub")
        try:
            await self(TaskHub.open, self._wait_seconds)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish the calls that were made, and give up the hub."""
        if self._thread is not None:
            await self(TaskHub.close)
            self._thread.shutdown()
            self._thread = None

    async def __call__(self, call: Callable[Concatenate[TaskHub, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of `call(hub, ...)`, which runs on the hub's thread.

        A call that was begun is finished even when the caller is cancelled.

        Raises:
            TaskHubBusyError: the hub is not open.
        """
        if self._thread is None:
            raise TaskHubBusyError("The durable engine is not running.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(self._hub, *args, **kwargs))
