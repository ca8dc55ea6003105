"""Azure's compute API, as far as flexible scale sets need it: over real HTTPS, with long-running operations."""

import datetime as dt
import ipaddress
import itertools
import json
import re
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.http_server import QuietHandler, serving

SUBSCRIPTION, GROUP = "sub-1", "rg-1"
TOKEN = "token of the test"
_SET = re.compile(
    rf"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Compute"
    r"/virtualMachineScaleSets/(?P<name>[^/]+)(?P<delete>/delete)?"
)
_MACHINES = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines"
_OPERATION = re.compile(r"/operations/(\d+)")


@dataclass
class Machine:
    provisioning: str = "Succeeded"
    power: str | None = "PowerState/running"


@dataclass
class FlexibleSet:
    name: str
    capacity: int = 0
    etag: int = 1
    provisioning: str = "Succeeded"
    machines: dict[str, Machine] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Compute"
            f"/virtualMachineScaleSets/{self.name}"
        )

    def resize(self, capacity: int) -> None:
        for _ in range(capacity - len(self.machines)):
            self.machines[f"{self.name}_{secrets.token_hex(4)}"] = Machine()
        for doomed in list(self.machines)[capacity:]:
            del self.machines[doomed]
        self.capacity, self.etag = capacity, self.etag + 1

    def delete(self, names: list[str]) -> None:
        for name in names:
            del self.machines[name]
            self.capacity -= 1
        self.etag += 1

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "location": "westeurope",
            "etag": f'"{self.etag}"',
            "sku": {"name": "Standard_D4s_v5", "tier": "Standard", "capacity": self.capacity},
            "properties": {"orchestrationMode": "Flexible", "provisioningState": self.provisioning},
        }


@dataclass
class ComputeApi:
    """What the fake remembers; tests change it to say what Azure does next."""

    url: str = ""
    certificate: Path = Path()
    sets: dict[str, FlexibleSet] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    polls_of_operations: int = 2
    """How often an operation says that it goes on."""
    failure: tuple[str, str] | None = None
    """Code and message with which the next operations fail."""
    changed_meanwhile: int = 0
    """How many of the next resizes meet a scale set that somebody else has just changed."""
    operations: dict[int, Iterator[dict[str, Any]]] = field(default_factory=dict)

    def add(self, name: str) -> FlexibleSet:
        return self.sets.setdefault(name, FlexibleSet(name))

    def begin(self) -> int:
        number = len(self.operations)
        going_on = itertools.repeat({"status": "InProgress"}, self.polls_of_operations)
        end: dict[str, Any] = {"status": "Succeeded"}
        if self.failure:
            end = {"status": "Failed", "error": {"code": self.failure[0], "message": self.failure[1]}}
        self.operations[number] = itertools.chain(going_on, itertools.repeat(end))
        return number

    def count(self, method: str) -> int:
        return sum(one == method for one, _ in self.requests)


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def _handler(api: ComputeApi) -> type[QuietHandler]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            self.url = urlsplit(self.path)
            api.requests.append((self.command, self.path))
            self.sent: dict[str, Any] = json.loads(self.body() or "{}")
            try:
                self._check()
                self._answer(*self._route())
            except _RefusedError as refusal:
                self._answer(refusal.status, {"error": {"code": refusal.code, "message": str(refusal)}}, {})

        do_GET = do_PATCH = do_POST = _serve

        def _check(self) -> None:
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                raise _RefusedError(401, "AuthenticationFailed", "no token")

        def _route(self) -> tuple[int, dict[str, Any], dict[str, str]]:
            if operation := _OPERATION.fullmatch(self.url.path):
                return 200, next(api.operations[int(operation[1])]), {"Retry-After": "0"}
            if self.url.path == _MACHINES:
                return 200, {"value": self._machines()}, {}
            match = _SET.fullmatch(self.url.path)
            if not match or match["name"] not in api.sets:
                raise _RefusedError(404, "ResourceNotFound", f"the resource {self.url.path} was not found")
            found = api.sets[match["name"]]
            if match["delete"]:
                return self._delete(found)
            return self._resize(found) if self.command == "PATCH" else (200, found.document(), {})

        def _machines(self) -> list[dict[str, Any]]:
            (condition,) = parse_qs(self.url.query)["$filter"]
            found = next(one for one in api.sets.values() if condition == f"'virtualMachineScaleSet/id' eq '{one.id}'")
            assert "$expand=instanceView" in self.path
            return [_machine(name, machine) for name, machine in found.machines.items()]

        def _resize(self, found: FlexibleSet) -> tuple[int, dict[str, Any], dict[str, str]]:
            if api.changed_meanwhile:
                api.changed_meanwhile -= 1
                found.etag += 1
            if self.headers.get("If-Match") not in {None, f'"{found.etag}"'}:
                raise _RefusedError(412, "PreconditionFailed", "the etag is not the current one")
            operation = api.begin()
            if not api.failure:
                found.resize(self.sent["sku"]["capacity"])
            return 200, found.document(), self._operation(operation)

        def _delete(self, found: FlexibleSet) -> tuple[int, dict[str, Any], dict[str, str]]:
            names = self.sent["instanceIds"]
            if unknown := set(names) - set(found.machines):
                raise _RefusedError(400, "InvalidParameter", f"the instances {unknown} are not in the scale set")
            found.delete(names)
            return 202, {}, self._operation(api.begin())

        def _operation(self, number: int) -> dict[str, str]:
            url = f"{api.url}/operations/{number}"
            return {"Azure-AsyncOperation": url, "Location": url, "Retry-After": "0"}

        def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
            self.answer(status, json.dumps(body).encode(), **headers, Content_Type="application/json")

    return Handler


def _machine(name: str, machine: Machine) -> dict[str, Any]:
    statuses = [{"code": machine.power}] if machine.power else []
    return {
        "id": f"{_MACHINES}/{name}",
        "name": name,
        "location": "westeurope",
        "properties": {"provisioningState": machine.provisioning, "instanceView": {"statuses": statuses}},
    }


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key: the SDK sends tokens over TLS only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return paths


@contextmanager
def fake_compute_api(folder: Path) -> Iterator[ComputeApi]:
    certificate, key = _certificate(folder)
    api = ComputeApi(certificate=certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(_handler(api), context) as api.url:
        yield api
