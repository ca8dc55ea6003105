"""A way to Azurite that a test can cut: to the node it looks as if storage were restarted."""

import socket
import threading
from contextlib import suppress


class CuttableService:
    """Forwards one port of this machine to another; while cut, it refuses and resets connections."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Nobody listens any more, and every connection breaks."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for open_socket in list(self._sockets):
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Listen again on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((client, server), (server, client)):
                self._sockets.add(source)
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        self._sockets.discard(source)
        source.close()
