"""Logs podman in to an Azure Container Registry with the machine's managed identity; it keeps no secret.

Also a program, for the first pull before there is an image: `python3 registry.py REGISTRY CLIENT_ID`.
"""

import json
import subprocess
import sys
import urllib.request
from urllib.parse import urlencode

_METADATA = "http://169.254.169.254/metadata/identity/oauth2/token"
_ANY_USER = "00000000-0000-0000-0000-000000000000"
"""The user name that the registry expects with a token."""
_SECONDS = 30


class Registry:
    """One registry that the machine's identity may pull from."""

    def __init__(self, host: str, client_id: str, engine: str = "podman", metadata: str = _METADATA) -> None:
        """`host` is the registry's name, e.g. `name.azurecr.io`."""
        self._host = host
        self._client_id = client_id
        self._engine = engine
        self._metadata = metadata
        self._exchange = f"https://{host}/oauth2/exchange"

    def log_in_for(self, image: str) -> None:
        """Log in if `image` lies in this registry. Call this before every pull: a token lives for a few hours only."""
        if not image or image.startswith(f"{self._host}/"):
            self.log_in()

    def log_in(self) -> None:
        """Give podman a fresh token; raise OSError."""
        command = [self._engine, "login", f"--username={_ANY_USER}", "--password-stdin", self._host]
        run = subprocess.run(command, input=self._refresh_token(), text=True, check=False, capture_output=True)
        if run.returncode:
            raise OSError(f"podman could not log in to {self._host}: {run.stderr.strip()}")

    def _refresh_token(self) -> str:
        query = {"api-version": "2018-02-01", "resource": "https://management.azure.com/"}
        if self._client_id:
            query["client_id"] = self._client_id
        identity = _answer("access_token", f"{self._metadata}?{urlencode(query)}", headers={"Metadata": "true"})
        form = {"grant_type": "access_token", "service": self._host, "access_token": identity}
        return _answer("refresh_token", self._exchange, urlencode(form).encode())


def _answer(name: str, url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> str:
    """Return one field of a service's answer; raise OSError."""
    request = urllib.request.Request(url, data, headers or {})  # noqa: S310 - both addresses are http(s) by construction
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # neither is reached through a proxy
    with opener.open(request, timeout=_SECONDS) as response:
        text = response.read()
    try:
        return str(json.loads(text)[name])
    except (ValueError, KeyError, TypeError):
        raise OSError(f"{url.partition('?')[0]} gave no {name}") from None


if __name__ == "__main__":
    Registry(*sys.argv[1:]).log_in()
