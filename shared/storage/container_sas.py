"""Short-lived shared access signatures for one container."""

from datetime import UTC, datetime, timedelta

from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from shared.errors import DependencyError
from shared.storage.account import StorageAccount

_CLOCK_SKEW = timedelta(minutes=5)


def container_sas(account: StorageAccount, container: str, permissions: str, lifetime: timedelta) -> str:
    """A SAS token (without `?`) for a container of the workspace's account.

    `permissions` are letters such as `rcwl`. Signed with the account's key, or with a user delegation key when the
    account is reached by identity. Raises DependencyError when the account can sign nothing.
    """
    if account.credential is None:
        key = getattr(account.blobs.credential, "account_key", None)
        if not key:
            raise DependencyError("the workspace's storage account has neither a key nor an identity to sign with")
        return sas_with_key(account.account_name, container, key, permissions, lifetime)
    now = datetime.now(UTC)
    delegation = account.blobs.get_user_delegation_key(now - _CLOCK_SKEW, now + lifetime)
    return generate_container_sas(
        account.account_name,
        container,
        user_delegation_key=delegation,
        permission=ContainerSasPermissions.from_string(permissions),
        expiry=now + lifetime,
    )


def sas_with_key(account_name: str, container: str, key: str, permissions: str, lifetime: timedelta) -> str:
    """A SAS token (without `?`) signed with an account key."""
    return generate_container_sas(
        account_name,
        container,
        account_key=key,
        permission=ContainerSasPermissions.from_string(permissions),
        expiry=datetime.now(UTC) + lifetime,
    )
