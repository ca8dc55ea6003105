"""A token issuer for tests: a key of its own, and a real HTTP server that publishes it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.http_server import QuietHandler, serving

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

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            served.fetches += 1
            self.answer(served.status, json.dumps({"keys": served.keys}).encode())

    with serving(Handler) as url:
        served.url = f"{url}/keys"
        yield served
