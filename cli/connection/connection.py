"""The service that a command talks to, the caller's identity, and the defaults of `bml configure`."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cli.connection.token import ClientSecretTokens, GivenToken, TokenSource
from cli.output.errors import CliError, UnreachableError, UsageError

DEFAULT_DATA_DIR = Path(".local")
_DEPLOYED = ("BML_MANAGEMENT_URL", "BML_SUBSCRIPTION", "BML_RESOURCE_GROUP", "BML_WORKSPACE", "BML_ACCESS_TOKEN")


@dataclass(frozen=True)
class Connection:
    """A workspace of a service, and the tokens of the caller."""

    management_url: str
    subscription: str
    resource_group: str
    workspace: str
    tokens: TokenSource
    is_local: bool = False

    @property
    def workspace_id(self) -> str:
        """ARM id of the workspace, which is also its path in URLs."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )


def data_dir(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder of the local service: `--data-dir`, `BML_DATA_DIR`, the configured default, `./.local`."""
    named = given or environment.get("BML_DATA_DIR") or Defaults.read(environment).values.get("data-dir")
    return Path(named or DEFAULT_DATA_DIR)


def resolve(
    folder: Path | None,
    environment: Mapping[str, str] = os.environ,
    *,
    resource_group: str | None = None,
    workspace: str | None = None,
) -> Connection:
    """Return the connection to the service that the options and the environment choose.

    `--data-dir` wins; then `BML_MANAGEMENT_URL` (a deployed service); then the local service of `BML_DATA_DIR`, of
    the configured default, or of `./.local`. Raise UsageError or UnreachableError with a hint.
    """
    kept = Defaults.read(environment).values
    group, name = kept.get("group"), kept.get("workspace")
    if folder is None and environment.get("BML_MANAGEMENT_URL"):
        given = {key: value for key, value in environment.items() if value}
        connection = _deployed({"BML_RESOURCE_GROUP": group or "", "BML_WORKSPACE": name or "", **given})
        group = name = None
    else:
        connection = _local(data_dir(folder, environment))
    return replace(
        connection,
        resource_group=resource_group or group or connection.resource_group,
        workspace=workspace or name or connection.workspace,
    )


def _deployed(environment: Mapping[str, str]) -> Connection:
    missing = [name for name in _DEPLOYED if not environment.get(name)]
    if missing:
        raise UsageError(
            f"BML_MANAGEMENT_URL is set, but {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not",
            hint="Set all of " + ", ".join(_DEPLOYED) + ", or unset BML_MANAGEMENT_URL to use the local service",
        )
    return Connection(
        management_url=environment["BML_MANAGEMENT_URL"].rstrip("/"),
        subscription=environment["BML_SUBSCRIPTION"],
        resource_group=environment["BML_RESOURCE_GROUP"],
        workspace=environment["BML_WORKSPACE"],
        tokens=GivenToken(environment["BML_ACCESS_TOKEN"]),
    )


def _local(folder: Path) -> Connection:
    from local.data_folder.connection import read_connection
    from local.errors import LocalStackError, NoStackError

    try:
        found = read_connection(folder)
    except NoStackError:
        raise UnreachableError(
            f"no local service was started in {folder}",
            hint="Start it with `bml local up`, name its folder with --data-dir, or set BML_MANAGEMENT_URL and "
            "its companions for a deployed one",
        ) from None
    except LocalStackError as error:
        raise CliError(str(error)) from None
    if found.ca_bundle:
        from cli.connection.pool import trust

        trust(found.ca_bundle)
    return Connection(
        management_url=found.management_url.rstrip("/"),
        subscription=found.subscription_id,
        resource_group=found.resource_group,
        workspace=found.workspace,
        tokens=ClientSecretTokens(found.token_url, found.client_id, found.client_secret, found.tenant_id, folder),
        is_local=True,
    )


KEYS = ("group", "workspace", "data-dir")
_FILE = "defaults.json"


def defaults_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the file of defaults: in `BML_CONFIG_DIR`, or in the user's folder for settings."""
    if folder := environment.get("BML_CONFIG_DIR"):
        return Path(folder) / _FILE
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "bml" / _FILE


@dataclass(frozen=True)
class Defaults:
    """Defaults for options, kept in a file by `bml configure`."""

    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Defaults":
        """Read the file. A missing file has no values. Raise CliError for a damaged file."""
        path = defaults_file(environment)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls({key: str(value) for key, value in dict(content).items() if key in KEYS})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise CliError(f"{path} cannot be read: {error}", hint="Delete it, and run `bml configure` again") from None

    def changed(self, pairs: Iterable[str]) -> "Defaults":
        """Return the defaults with the given `key=value` pairs. An empty value removes the key."""
        values = dict(self.values)
        for pair in pairs:
            key, separator, value = pair.partition("=")
            if not separator or key not in KEYS:
                raise UsageError(
                    f"--defaults {pair!r} is not known", hint=f"Known are {', '.join(KEYS)}, each with =value"
                )
            values[key] = str(Path(value).absolute()) if key == "data-dir" and value else value
        return Defaults({key: value for key, value in values.items() if value})

    def write(self, environment: Mapping[str, str] = os.environ) -> None:
        """Write the file."""
        path = defaults_file(environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.values, indent=2) + "\n", encoding="utf-8")
