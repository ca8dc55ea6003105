"""One thread that copies the output of all scoring processes to their log files."""

import os
import selectors
import threading
from collections.abc import Callable

from scorer_container.node.vital_thread import VitalThread

_READ_BYTES = 1 << 16


class LogPump:
    """Reads pipes until their end and passes the bytes on."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._new: list[tuple[int, Callable[[bytes], None], threading.Event]] = []
        VitalThread(target=self._run, name="log-pump", daemon=True).start()

    def add(self, descriptor: int, write: Callable[[bytes], None]) -> threading.Event:
        """Pass what a copy of `descriptor` reads to `write`; return an event that is set at its end."""
        ended = threading.Event()
        with self._lock:
            self._new.append((os.dup(descriptor), write, ended))
        os.write(self._wake_write, b"!")
        return ended

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._wake_read:
                    os.read(self._wake_read, 4096)
                    self._register()
                else:
                    self._carry(key)

    def _register(self) -> None:
        with self._lock:
            new, self._new = self._new, []
        for descriptor, write, ended in new:
            self._selector.register(descriptor, selectors.EVENT_READ, (write, ended))

    def _carry(self, key: selectors.SelectorKey) -> None:
        write, ended = key.data
        data = os.read(key.fd, _READ_BYTES)
        if data:
            write(data)
            return
        self._selector.unregister(key.fd)
        os.close(key.fd)
        ended.set()
