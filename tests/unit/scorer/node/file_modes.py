"""Lets a test that runs as root meet files that may not be read."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522
"""Of the kernel's structures; source: _LINUX_CAPABILITY_VERSION_3 of linux/capability.h."""
_PASSES_MODES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


@contextmanager
def file_modes_apply() -> Iterator[None]:
    """Take root's right to read everything from this thread until the end; other users have no such right."""
    if os.geteuid() != 0:
        yield
        return
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)  # 0: this thread
    data = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable capabilities, the lower 32 first
    _call("capget", header, data)
    effective = data[0]
    data[0] = effective & ~_PASSES_MODES
    _call("capset", header, data)
    try:
        yield
    finally:
        data[0] = effective
        _call("capset", header, data)


def _call(name: str, header: object, data: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(header, data):
        raise OSError(ctypes.get_errno(), f"{name} failed")
