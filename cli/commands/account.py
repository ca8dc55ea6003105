"""`bml account`."""

from pathlib import Path
from typing import Any

import click

from cli.commands.verb import data_dir_option, shown
from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "account",
    {
        "show": LazyCommand("cli.commands.account:show", "Subscription, tenant and who you are."),
        "get-access-token": LazyCommand("cli.commands.account:get_access_token", "A bearer token for REST calls."),
    },
    help="Who you are, and access tokens.",
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


@click.command()
@data_dir_option()
@shown("name", "id", "tenantId", "state")
def show(data_dir: Path | None) -> dict[str, Any]:
    """Show the subscription, the tenant and whom tokens are for, as `az account show` does."""
    from cli.connection.connection import resolve
    from cli.connection.token import MANAGEMENT_AUDIENCE, claims

    connection = resolve(data_dir)
    token = connection.tokens.token(MANAGEMENT_AUDIENCE)
    told = claims(token.value)
    person = told.get("upn") or told.get("unique_name") or told.get("preferred_username")
    application = told.get("appid") or told.get("azp") or told.get("sub")
    return {
        "environmentName": "Local" if connection.is_local else "Deployed",
        "id": connection.subscription,
        "name": connection.workspace,
        "isDefault": True,
        "state": "Enabled",
        "tenantId": token.tenant,
        "managementUrl": connection.management_url,
        "user": {"name": person or application, "type": "user" if person else "servicePrincipal"},
    }
