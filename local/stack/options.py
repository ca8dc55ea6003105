"""The options of a local stack."""

import base64
import os
import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from local.data_folder.setup import StackSetup
from local.errors import PortInUseError, SchemeError
from local.loopback.ports import free_ports, is_free

DATA_DIR_VARIABLE = "BML_DATA_DIR"
DEFAULT_DATA_DIR = ".local"
REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


def default_data_dir() -> Path:
    """Return `BML_DATA_DIR`, or `.local` in the current directory."""
    return Path(os.environ.get(DATA_DIR_VARIABLE) or DEFAULT_DATA_DIR).absolute()


@dataclass(frozen=True, slots=True)
class StackOptions:
    """Options of `up`. If a port is None, the stack uses the port of its last start, at first a free one."""

    data_dir: Path = field(default_factory=default_data_dir)
    """The data folder."""

    port: int | None = None
    """`--port`: the Functions host, which is the management and the scoring API."""

    azurite_blob_port: int | None = None
    """`--azurite-blob-port`"""

    azurite_queue_port: int | None = None
    """`--azurite-queue-port`"""

    azurite_table_port: int | None = None
    """`--azurite-table-port`"""

    https: bool | None = None
    """`--https`: TLS with the data folder's own authority. None: as at the last start; without TLS at the first."""

    detach: bool = False
    """`--detach`: return when everything is healthy, and continue in the background."""

    app_root: Path = REPOSITORY_ROOT
    """The folder of `function_app.py` and `host.json`."""


_KEY_BYTES = 32
_STORAGE_KEY_BYTES = 64


@dataclass(frozen=True, slots=True)
class _Port:
    name: str
    """Field of StackSetup."""

    purpose: str
    option: str | None
    """The option that chooses it. Empty: any other free port will do."""


_PORTS = (
    _Port("port", "the Functions host", "--port"),
    _Port("blob_port", "Azurite's blob service", "--azurite-blob-port"),
    _Port("queue_port", "Azurite's queue service", "--azurite-queue-port"),
    _Port("table_port", "Azurite's table service", "--azurite-table-port"),
    _Port("token_port", "the token issuer", None),
    _Port("scale_set_port", "the local scale set", None),
    _Port("events_port", "the events of new blobs", None),
)


def choose_setup(previous: StackSetup | None, options: StackOptions) -> StackSetup:
    """Return the set-up with which the stack can start now.

    Raises:
        PortInUseError: a requested port, of this or an earlier start, belongs to another program.
        SchemeError: the data folder was made with the other one of http and https.
    """
    ports = _chosen_ports(previous, options)
    https = previous.https if previous else bool(options.https)
    if options.https not in {None, https}:
        raise SchemeError(options.data_dir, https=https)
    return StackSetup(
        subscription_id=previous.subscription_id if previous else str(uuid.uuid4()),
        tenant_id=previous.tenant_id if previous else str(uuid.uuid4()),
        scale_set_key=previous.scale_set_key if previous else secrets.token_urlsafe(_KEY_BYTES),
        storage_key=previous.storage_key
        if previous
        else base64.b64encode(secrets.token_bytes(_STORAGE_KEY_BYTES)).decode(),
        **ports,
        https=https,
    )


def asked_ports(options: StackOptions) -> dict[str, int]:
    """Return the ports that the options name, by the field of StackSetup."""
    asked = {
        "port": options.port,
        "blob_port": options.azurite_blob_port,
        "queue_port": options.azurite_queue_port,
        "table_port": options.azurite_table_port,
    }
    return {name: port for name, port in asked.items() if port is not None}


def _chosen_ports(previous: StackSetup | None, options: StackOptions) -> dict[str, int]:
    known = {port.name: getattr(previous, port.name) for port in _PORTS} if previous else {}
    known |= asked_ports(options)
    chosen: dict[str, int] = {}
    for port in _PORTS:
        number = known.get(port.name)
        if number is not None and _is_usable(number, port, chosen):
            chosen[port.name] = number
    missing = [port.name for port in _PORTS if port.name not in chosen]
    fresh = free_ports(len(missing), avoid=frozenset(chosen.values()))
    return chosen | dict(zip(missing, fresh, strict=True))


def _is_usable(number: int, port: _Port, chosen: dict[str, int]) -> bool:
    if number not in chosen.values() and is_free(number):
        return True
    if port.option is None:
        return False
    raise PortInUseError(number, port.purpose, port.option)
