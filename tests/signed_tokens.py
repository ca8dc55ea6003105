"""A token issuer for tests: a key of its own, and a real HTTP server that publishes it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://issuer.example/tenant"
AUDIENCE = "https://management.azure.com"


@dataclass
class SigningKey:
    key_id: str
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def public(self) -> dict[str, Any]:
        entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return entry | {"kid": self.key_id, "use": "sig"}

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        known = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "oid": "an-oid", "upn": "ada@example.org"}
        known |= {"roles": ["Owner"]}
        values = {key: value for key, value in (known | claims).items() if value is not None}
        return jwt.encode(values, self.private, algorithm="RS256", headers={"kid": self.key_id})


@dataclass
class KeyServer:
    url: str
    keys: list[dict[str, Any]]
    status: int = 200
    fetches: int = 0


@contextmanager
def key_server(*keys: SigningKey) -> Iterator[KeyServer]:
    """Serve the public halves of `keys`; the yielded object changes what is served."""
    served = KeyServer("", [key.public for key in keys])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.fetches += 1
            content = json.dumps({"keys": served.keys}).encode()
            self.send_response(served.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}/keys"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
