"""The command line that runs one Azurite."""

from dataclasses import dataclass
from pathlib import Path

from local.azurite.endpoints import ACCOUNT_NAME, AzuriteEndpoints
from local.azurite.installation import PACKAGE_FOLDER, ensure_installed, find_node
from local.loopback.certificates import Certificate
from local.loopback.ports import LOOPBACK

# Clients keep connections for minutes; Azurite's own 5 s would cut one just as it is used again.
_KEEP_ALIVE_SECONDS = 300
_LOADED_AHEAD = (PACKAGE_FOLDER / "journal.js", PACKAGE_FOLDER / "own_requests.js")
# Megabytes of V8's young generation, through which blobs go in pieces. If it fits into the processor's cache, a blob of
# 430 kB costs a quarter less CPU than with V8's own choice (16 MB), and a blob of 4 MB costs 40 % less.
_YOUNG_GENERATION = 4


@dataclass(frozen=True, slots=True)
class AzuriteCommand:
    """What to execute, and the variables to add to its environment."""

    arguments: tuple[str, ...]
    environment: dict[str, str]


def azurite_command(
    endpoints: AzuriteEndpoints, location: Path | None, certificate: Certificate | None = None
) -> AzuriteCommand:
    """Return the command for an Azurite on `endpoints`; install the package if it is missing.

    `location` is the folder of the data, None keeps them in memory only; with a `certificate` all services speak TLS.

    Raises:
        NodeMissingError, AzuriteInstallError: see `local.errors`.
    """
    node = find_node()
    modules = ensure_installed(node)
    arguments = (
        str(node.program),
        f"--max-semi-space-size={_YOUNG_GENERATION}",
        *(part for file in _LOADED_AHEAD for part in ("--require", str(file))),
        str(modules / "azurite" / "dist" / "src" / "azurite.js"),
        "--skipApiVersionCheck",  # the SDKs are newer than the versions that Azurite knows
        "--silent",
        "--disableTelemetry",
        *(flag for service, port in endpoints.ports.items() for flag in _service_flags(service, port)),
        *(("--cert", str(certificate.file), "--key", str(certificate.key_file)) if certificate else ()),
        *(("--inMemoryPersistence",) if location is None else ("--location", str(location))),
    )
    environment = {
        "NODE_COMPILE_CACHE": str(modules / ".cache" / "compiled"),
        "AZURITE_ACCOUNTS": f"{ACCOUNT_NAME}:{endpoints.account_key}",
    }
    return AzuriteCommand(arguments, environment)


def _service_flags(service: str, port: int) -> tuple[str, ...]:
    return (
        f"--{service}Host",
        LOOPBACK,
        f"--{service}Port",
        str(port),
        f"--{service}KeepAliveTimeout",
        str(_KEEP_ALIVE_SECONDS),
    )
