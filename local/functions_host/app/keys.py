"""Access keys of the host: master key, host keys, function keys and system keys."""

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.functions_host.app.errors import FunctionsHostError
from local.functions_host.app.settings import read_json_object

KEY_HEADER = "x-functions-key"
KEY_QUERY = "code"
DURABLE_KEY = "durabletask_extension"


@dataclass(frozen=True)
class KeyRing:
    """All keys of one host.

    Attributes:
        master: opens everything.
        host: opens every function.
        functions: by function name, opens that function.
        system: by extension, opens the extension's webhook.
    """

    master: str
    host: str
    functions: Mapping[str, str]
    system: Mapping[str, str]

    def __repr__(self) -> str:
        return f"KeyRing(functions={sorted(self.functions)})"

    def allows(self, level: str, function: str, given: str) -> bool:
        """Whether the key `given` opens a function of this authorization level."""
        if level == "ANONYMOUS":
            return True
        accepted = [self.master]
        if level == "FUNCTION":
            accepted += [self.host, *(key for name, key in self.functions.items() if name == function)]
        return any(hmac.compare_digest(given.encode(errors="surrogateescape"), key.encode()) for key in accepted)


def given_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """The key of a request: the header wins over the query."""
    return headers.get(KEY_HEADER) or query.get(KEY_QUERY, "")


def read_keys(file: Path, functions: Iterable[str]) -> KeyRing:
    """The keys in `file`; those that are missing are made and stored, readable by the owner only.

    Raises:
        FunctionsHostError: the file is damaged.
    """
    stored: dict[str, Any] = read_json_object(file) if file.is_file() else {}
    try:
        kept: dict[str, str] = stored.get("functionKeys", {})
        keys = KeyRing(
            master=stored.get("masterKey") or _new_key(),
            host=stored.get("hostKey") or _new_key(),
            functions={**kept, **{name: kept.get(name) or _new_key() for name in functions}},
            system={DURABLE_KEY: stored.get("systemKeys", {}).get(DURABLE_KEY) or _new_key()},
        )
    except (AttributeError, TypeError) as error:
        raise FunctionsHostError(f"{file.name} is damaged; delete it and new keys are made") from error
    _store(file, keys)
    return keys


def _store(file: Path, keys: KeyRing) -> None:
    content = {
        "masterKey": keys.master,
        "hostKey": keys.host,
        "functionKeys": dict(keys.functions),
        "systemKeys": dict(keys.system),
    }
    draft = file.with_suffix(".tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1)
    draft.replace(file)


def _new_key() -> str:
    return secrets.token_urlsafe(40)
