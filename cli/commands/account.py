"""The verbs of the account: the identity of the caller, and access tokens."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.verb import data_dir_option, shown
from cli.output.errors import UsageError
from shared.security.access import ROLES, find_role

if TYPE_CHECKING:
    from cli.connection.connection import Connection
    from cli.connection.token import AccessToken


@click.command("get-access-token")
@click.option("--resource", default="https://management.azure.com", show_default=True, help="Audience of the token.")
@click.option("--scope", "scope", help="The audience as an OAuth scope: <resource>/.default.")
@click.option(
    "--role",
    type=click.Choice([role.name for role in ROLES], case_sensitive=False),
    help="Role in the token, to try what its holders may do. Local service only; by default Owner.",
)
@data_dir_option()
@shown("accessToken", "expiresOn")
def get_access_token(resource: str, scope: str | None, role: str | None, data_dir: Path | None) -> dict[str, Any]:
    """Print an access token, as `az account get-access-token` does. The scoring URI takes it, too."""
    from cli.connection.connection import resolve

    connection = resolve(data_dir)
    audience = (scope or resource).removesuffix("/.default").rstrip("/")
    token = _with_role(connection, audience, role) if role else connection.tokens.token(audience)
    return {
        "accessToken": token.value,
        "expiresOn": token.expires.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f"),
        "expires_on": int(token.expires.timestamp()),
        "subscription": connection.subscription,
        "tenant": token.tenant,
        "tokenType": "Bearer",
    }


def _with_role(connection: "Connection", audience: str, role: str) -> "AccessToken":
    from cli.connection.token import ClientSecretTokens

    known = find_role(role)
    if not isinstance(connection.tokens, ClientSecretTokens) or known is None:
        raise UsageError(
            "--role is for the local service only", hint="A deployed service assigns roles in BATCH_ROLE_ASSIGNMENTS"
        )
    return connection.tokens.token_with_role(audience, known.app_role)


@click.command()
@data_dir_option()
@shown("name", "id", "tenantId", "state")
def show(data_dir: Path | None) -> dict[str, Any]:
    """Show the subscription, the tenant and the identity in tokens, as `az account show` does."""
    from cli.connection.connection import resolve
    from cli.connection.token import MANAGEMENT_AUDIENCE, claims

    connection = resolve(data_dir)
    token = connection.tokens.token(MANAGEMENT_AUDIENCE)
    claimed = claims(token.value)
    person = claimed.get("upn") or claimed.get("unique_name") or claimed.get("preferred_username")
    application = claimed.get("appid") or claimed.get("azp") or claimed.get("sub")
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
