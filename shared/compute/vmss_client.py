"""The client of Azure's compute API."""

from typing import TYPE_CHECKING

from shared.settings import VmssSettings

if TYPE_CHECKING:  # it takes seconds to import
    from azure.mgmt.compute import ComputeManagementClient


def compute_client(settings: VmssSettings) -> "ComputeManagementClient":
    """A client with the application's identity."""
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.compute import ComputeManagementClient

    return ComputeManagementClient(
        DefaultAzureCredential(managed_identity_client_id=settings.client_id or None),
        settings.subscription_id,
        base_url=settings.endpoint,
        credential_scopes=[f"{settings.endpoint}/.default"],
        polling_interval=5,
    )
