"""The agent's socket. Each run of the engine opens one connection; closing it ends the run.

A message holds a request and the file descriptors for the run; the answer holds the exit code. If the client closes
the connection first, the agent kills the container.
"""

import contextlib
import fcntl
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from scorer_container.agent.engine import ANSWERS_FD, COMMANDS_FD, Engine
from scorer_container.agent.requests import BadRequestError, Request

_MESSAGE_BYTES = 1 << 20
_DESCRIPTORS = 4
_ABOVE_FIXED = 16
"""Descriptors are first moved above this number, so that their final numbers overwrite none of them."""


class AgentService:
    """Serves nodes until its socket is closed."""

    def __init__(
        self, address: Path, root: Path, engine: Engine, before_pull: Callable[[str], None] = lambda _image: None
    ) -> None:
        """Serve on a socket; `before_pull` is called with an image's name, to log in to its registry."""
        self._root = root
        self._engine = engine
        self._before_pull = before_pull
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        address.unlink(missing_ok=True)
        self._listener.bind(str(address))
        address.chmod(0o600)
        self._listener.listen()

    def serve(self) -> None:
        """Accept connections for ever."""
        subprocess.run(self._engine.removal_of_all(), check=False, stdin=subprocess.DEVNULL)
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        with connection:
            received = socket.recv_fds(connection, _MESSAGE_BYTES, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
            data, descriptors, flags, _ = received
            try:
                _check_whole(flags)
                answer: dict[str, object] = {"exit_code": self._run(connection, data, descriptors)}
            except (BadRequestError, OSError) as error:
                answer = {"error": str(error)}
            finally:
                _close(descriptors)
            with contextlib.suppress(OSError):  # the other end has gone
                connection.send(json.dumps(answer).encode())

    def _run(self, connection: socket.socket, data: bytes, descriptors: list[int]) -> int:
        request = Request.parse(data, self._root)
        if len(descriptors) != request.descriptors:
            raise BadRequestError(f"{request.kind} needs {request.descriptors} descriptors, not {len(descriptors)}")
        if request.kind == "pull":
            self._before_pull(request.image)
        name = f"batch-{secrets.token_hex(8)}"
        process = _spawn(self._engine.command(request, name), descriptors)
        _close(descriptors)  # so that the pipes end with the processes at their ends
        if not _ends_first(process, connection):
            _log(f"{name} is not wanted any more")
            subprocess.run(self._engine.removal(name), check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _check_whole(flags: int) -> None:
    if flags & socket.MSG_TRUNC:
        raise BadRequestError(f"the request has more than {_MESSAGE_BYTES:,} bytes")


def _spawn(command: list[str], descriptors: list[int]) -> int:
    """Start `command` in a session of its own with these descriptors; return its process id."""
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ABOVE_FIXED) for descriptor in descriptors]
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        targets = zip([nothing, *moved], (0, 1, 2, COMMANDS_FD, ANSWERS_FD), strict=False)
        actions = [(os.POSIX_SPAWN_DUP2, source, target) for source, target in targets]
        return os.posix_spawnp(command[0], command, dict(os.environ), file_actions=actions, setsid=True)
    finally:
        _close([nothing, *moved])


def _ends_first(process: int, connection: socket.socket) -> bool:
    """Wait until the process ends (return True) or the client closes the connection (return False)."""
    descriptor = os.pidfd_open(process)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.register(connection, select.POLLIN)
        ready = {number for number, _ in poll.poll()}
        return descriptor in ready
    finally:
        os.close(descriptor)


def _close(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())


def _log(text: str) -> None:
    print(f"agent: {text}", file=sys.stderr, flush=True)
