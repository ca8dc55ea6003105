"""The set-up of one stack: its names, its ports, and the addresses made from them. Standard library only."""

from dataclasses import dataclass, field

from local.azurite.endpoints import AzuriteEndpoints
from local.loopback.ports import LOOPBACK
from local.token_issuer.credentials import issuer_url, jwks_url, token_url

RESOURCE_GROUP = "local"
WORKSPACE = "local"
LOCATION = "local"


@dataclass(frozen=True, slots=True)
class StackSetup:
    """The set-up is chosen at the first start and kept: addresses and names survive restarts."""

    subscription_id: str
    tenant_id: str
    scale_set_key: str = field(repr=False)
    storage_key: str = field(repr=False)
    """Base64, like the account keys of Azure."""

    port: int
    """The Functions host."""

    blob_port: int
    queue_port: int
    table_port: int
    token_port: int
    scale_set_port: int
    events_port: int
    https: bool = False
    """Whether every server for users speaks TLS. The scale set is for the stack only, and never speaks TLS."""

    @property
    def scheme(self) -> str:
        """`https` or `http`."""
        return "https" if self.https else "http"

    @property
    def management_url(self) -> str:
        """Base of the management API and of everything else that the Functions host serves."""
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    @property
    def scoring_url(self) -> str:
        """Base of the scoring URIs."""
        return f"{self.management_url}/endpoints"

    @property
    def metadata_url(self) -> str:
        """The address of the description of this cloud, for Azure's clients."""
        return f"{self.management_url}/metadata/endpoints"

    @property
    def storage(self) -> AzuriteEndpoints:
        """The three storage services."""
        return AzuriteEndpoints(self.blob_port, self.queue_port, self.table_port, self.scheme, self.storage_key)

    @property
    def token_base_url(self) -> str:
        """The token issuer."""
        return f"{self.scheme}://{LOOPBACK}:{self.token_port}"

    @property
    def token_url(self) -> str:
        """Return the token endpoint."""
        return token_url(self.token_base_url, self.tenant_id)

    @property
    def token_issuer(self) -> str:
        """`iss` of the tokens."""
        return issuer_url(self.token_base_url, self.tenant_id)

    @property
    def token_jwks_url(self) -> str:
        """The issuer's public keys."""
        return jwks_url(self.token_base_url, self.tenant_id)

    @property
    def token_audiences(self) -> tuple[str, ...]:
        """Every `aud` that the stack issues and accepts."""
        return ("https://management.azure.com", "https://ml.azure.com", self.management_url)

    @property
    def storage_accounts_id(self) -> str:
        """Resource id of a storage account, without its name at the end."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{RESOURCE_GROUP}"
        return f"{group}/providers/Microsoft.Storage/storageAccounts"

    @property
    def scale_set_url(self) -> str:
        """The local scale set."""
        return f"http://{LOOPBACK}:{self.scale_set_port}"
