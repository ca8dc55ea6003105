"""Locks between the processes of a machine. The kernel releases a lock when its holder dies, however it dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of `path`; call `on_wait` once if another process holds it."""
    descriptor = _opened(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def free_file_lock(path: Path) -> Iterator[bool]:
    """Hold the lock of `path` unless another process holds it; yield True if this process got it."""
    descriptor = _opened(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def shared_lock(path: Path) -> int:
    """Take a shared lock of `path`; it lasts until the returned descriptor is closed."""
    descriptor = _opened(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _opened(path: Path) -> int:
    """Open the file so that child processes do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
