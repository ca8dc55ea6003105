"""Defaults that a user keeps: `bml configure --defaults group=… workspace=…`."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.errors import CliError, UsageError

KEYS = ("group", "workspace", "data-dir")
_FILE = "defaults.json"


def defaults_file(environment: Mapping[str, str] = os.environ) -> Path:
    """The file: in `BML_CONFIG_DIR`, else in the user's folder for settings."""
    if folder := environment.get("BML_CONFIG_DIR"):
        return Path(folder) / _FILE
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "bml" / _FILE


@dataclass(frozen=True)
class Defaults:
    """What is kept."""

    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Defaults":
        """What the file has; nothing when there is none. Raises CliError for a damaged one."""
        path = defaults_file(environment)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls({key: str(value) for key, value in dict(content).items() if key in KEYS})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise CliError(f"{path} cannot be read: {error}", mend="Delete it, and configure anew") from None

    def changed(self, pairs: Iterable[str]) -> "Defaults":
        """With `key=value` for each of the pairs; an empty value forgets the key."""
        values = dict(self.values)
        for pair in pairs:
            key, separator, value = pair.partition("=")
            if not separator or key not in KEYS:
                raise UsageError(
                    f"--defaults {pair!r} is not known", mend=f"Known are {', '.join(KEYS)}, each with =value"
                )
            values[key] = str(Path(value).absolute()) if key == "data-dir" and value else value
        return Defaults({key: value for key, value in values.items() if value})

    def write(self, environment: Mapping[str, str] = os.environ) -> None:
        """Keep them."""
        path = defaults_file(environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.values, indent=2) + "\n", encoding="utf-8")
