"""Renews the leases of everything that a node holds."""

import threading
from collections.abc import Callable

from scorer_container.node.vital_thread import VitalThread
from scorer_container.node.work import HeldMessage
from shared.storage.hot_path.errors import HotPathError, LeaseLostError, QueueGoneError


class LeaseKeeper:
    """A thread that renews every held message a few times within its lease."""

    def __init__(self, lease_seconds: int, on_queue_gone: Callable[[str], None], log: Callable[[str], None]) -> None:
        """Start the thread; `on_queue_gone` is called with the name of a queue that is gone."""
        self._lease_seconds = lease_seconds
        self._on_queue_gone = on_queue_gone
        self._log = log
        self._held: set[HeldMessage] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = VitalThread(target=self._run, name="lease-keeper", daemon=True)
        self._thread.start()

    def hold(self, message: HeldMessage) -> None:
        """Start renewing `message`."""
        with self._lock:
            self._held.add(message)

    def release(self, message: HeldMessage) -> None:
        """Stop renewing `message`."""
        with self._lock:
            self._held.discard(message)

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._lease_seconds / 3):
            with self._lock:
                held = list(self._held)
            for message in held:
                self._renew(message)

    def _renew(self, message: HeldMessage) -> None:
        try:
            message.renew(self._lease_seconds)
        except QueueGoneError:
            self.release(message)
            self._on_queue_gone(message.queue.name)
        except LeaseLostError as error:
            self.release(message)
            self._log(f"a lease was lost, the work goes on: {error}")
        except HotPathError as error:
            self._log(f"a lease could not be renewed: {error}")
