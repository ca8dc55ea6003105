"""Locks between the processes of a machine. The kernel releases a lock when its holder dies, however it dies.

Another node may hold a lock for as long as it builds an environment. No wait here blocks the event loop, and none
outlives the job that waits.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

_TRY_SECONDS = 0.1
"""Seconds between two tries to get a lock."""


@contextmanager
def file_lock(path: Path, on_wait: Callable[[], None], check: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of `path`; call `on_wait` once if another process holds it. For threads.

    `check` is called again and again during the wait, and raises an error to end it.
    """
    descriptor = _opened(path)
    try:
        if not _is_got(descriptor):
            on_wait()
            while not _is_got(descriptor):
                check()
                time.sleep(_TRY_SECONDS)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def awaited_file_lock(path: Path, on_wait: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the lock of `path`; call `on_wait` once if another process holds it. For the event loop."""
    descriptor = _opened(path)
    try:
        if not _is_got(descriptor):
            on_wait()
            while not _is_got(descriptor):  # noqa: ASYNC110 (another process releases it)
                await asyncio.sleep(_TRY_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def free_file_lock(path: Path) -> Iterator[bool]:
    """Hold the lock of `path` unless another process holds it; yield True if this process got it."""
    descriptor = _opened(path)
    try:
        yield _is_got(descriptor)
    finally:
        os.close(descriptor)


def shared_lock(path: Path) -> int:
    """Take a shared lock of `path`; it lasts until the returned descriptor is closed."""
    descriptor = _opened(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _is_got(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(path: Path) -> int:
    """Open the file so that child processes do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
