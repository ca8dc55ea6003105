"""Locks that processes of one machine share; the kernel frees them when their holder dies, however that happens."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of `path`; `on_wait` is called once when another process has it."""
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
    """Hold the lock of `path` if nobody else does; whether it is so."""
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
    """Hold the lock of `path` together with others that do; until the descriptor that is returned is closed."""
    descriptor = _opened(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _opened(path: Path) -> int:
    """Children do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
