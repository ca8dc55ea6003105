"""The RSA key that signs tokens, kept so that tokens and cached key sets outlive a restart."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.errors import StackStateError
from local.private_files import write_private

FILE_NAME = "signing_key.pem"
_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key with the id by which verifiers find it."""

    private: rsa.RSAPrivateKey
    id: str

    def as_jwk(self) -> dict[str, str]:
        """The public half as a JSON Web Key (RFC 7517)."""
        return {"use": "sig", "alg": "RS256", "kid": self.id, **_required_members(self.private.public_key())}


def ensure_signing_key(folder: Path) -> SigningKey:
    """The key kept in `folder`, made at the first call with mode 0600."""
    file = folder / FILE_NAME
    if not file.exists():
        write_private(file, _new_key())
    try:
        private = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except ValueError as problem:
        raise StackStateError(file, str(problem)) from problem
    if not isinstance(private, rsa.RSAPrivateKey):
        raise StackStateError(file, "an RSA key was expected")
    return SigningKey(private, _thumbprint(private.public_key()))


def _new_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _thumbprint(public: rsa.RSAPublicKey) -> str:
    """RFC 7638: the hash of the required members in the order of their names."""
    canonical = json.dumps(_required_members(public), sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _required_members(public: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"e": _integer(numbers.e), "kty": "RSA", "n": _integer(numbers.n)}


def _integer(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
