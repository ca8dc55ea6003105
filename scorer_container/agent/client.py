"""`python client.py SOCKET REQUEST_FILE`: the node's child process for a process in a container.

It passes its standard output and error, and the descriptors named by `BATCH_COMMANDS_FD` and `BATCH_ANSWERS_FD`, to
the agent. It exits as the container exits. Killing it kills the container.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

_ENGINE_FAILED = 125
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = 0.2
_PIPES = ("BATCH_COMMANDS_FD", "BATCH_ANSWERS_FD")


def main() -> int:
    """Run the request and return the container's exit code."""
    address, request_file = sys.argv[1:]
    pipes = [int(os.environ[name]) for name in _PIPES if name in os.environ]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            _connect(connection, address)
            socket.send_fds(connection, [Path(request_file).read_bytes()], [1, 2, *pipes])
            for descriptor in pipes:
                os.close(descriptor)
            answer = json.loads(connection.recv(1 << 16) or b'{"error": "it went away"}')
        except OSError as error:
            answer = {"error": f"{address}: {error}"}
    if "error" in answer:
        print(f"the agent that runs containers failed: {answer['error']}", file=sys.stderr)
        return _ENGINE_FAILED
    return _as_the_container(answer["exit_code"])


def _connect(connection: socket.socket, address: str) -> None:
    """Connect to the agent, which may just be restarting; raise OSError."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
        time.sleep(_RETRY_SECONDS)


def _as_the_container(code: int) -> int:
    """Return `code`, or die by the signal that ended the container (podman: 128 plus its number), as the node asks."""
    number = -code if code < 0 else code - 128
    if number in set(signal.Signals):
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return code


if __name__ == "__main__":
    sys.exit(main())
