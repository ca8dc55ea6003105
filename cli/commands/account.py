"""`bml account`."""

from pathlib import Path
from typing import Any

import click

from cli.commands.verb import data_dir_option, shown
from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "account",
    {"get-access-token": LazyCommand("cli.commands.account:get_access_token", "A bearer token for REST calls.")},
    help="Access tokens.",
)


@click.command("get-access-token")
@click.option("--resource", default="https://management.azure.com", show_default=True, help="Whom the token is for.")
@click.option("--scope", "scope", help="The same as an OAuth scope: <resource>/.default.")
@data_dir_option()
@shown("accessToken", "expiresOn")
def get_access_token(resource: str, scope: str | None, data_dir: Path | None) -> dict[str, Any]:
    """Print an access token, as `az account get-access-token` does; the scoring URI takes it, too."""
    from cli.connection.connection import resolve

    connection = resolve(data_dir)
    audience = (scope or resource).removesuffix("/.default").rstrip("/")
    token = connection.tokens.token(audience)
    return {
        "accessToken": token.value,
        "expiresOn": token.expires.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f"),
        "expires_on": int(token.expires.timestamp()),
        "subscription": connection.subscription,
        "tenant": token.tenant,
        "tokenType": "Bearer",
    }
