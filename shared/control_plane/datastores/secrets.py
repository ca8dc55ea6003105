"""The secrets of datastores: how they are read, stored, tested, and given to clients for a short time."""

import base64
import re
from datetime import timedelta
from typing import Any, Literal, Self

from azure.core.exceptions import AzureError
from pydantic import Field, model_validator

from shared.contracts.bodies import ArmModel
from shared.control_plane.datastores.locations import DatastoreContainer, is_default
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.account import StorageAccount, error_code
from shared.storage.blobs import (
    DEFAULT_DATASTORE_CONTAINER,
    SECRETS_PARTITION,
    DatastoreSecret,
    datastore_secrets,
    ensure_container,
    foreign_blobs,
)
from shared.storage.refusals import Place
from shared.storage.sas import container_sas, container_sas_with_key

PERMISSIONS = "rcwl"
"""The rights of clients in a datastore: read, create, write, list."""

MAX_HOURS = 24

_QUERY = re.compile(r"(?:[-A-Za-z0-9._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2}){1,4096}")
"""What the query of a URL may hold (RFC 3986, 3.4), in a length that every server takes."""


class DatastoreCredentials(ArmModel):
    """`credentials` of a datastore as a client writes them."""

    credentials_type: Literal["None", "Sas", "AccountKey"] = "None"
    secrets: dict[str, Any] | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _secret_fits(self) -> Self:
        self._secret()
        return self

    def secret_or_kept(self, account: StorageAccount, keeper: str) -> DatastoreSecret | None:
        """Return the given secret, else that of the datastore `keeper`; None without credentials.

        Raises ValidationError if there is neither. An empty `keeper` has no secret.
        """
        if self.credentials_type == "None":
            return None
        if secret := self._secret():
            return secret
        kept = datastore_secrets(account).find(SECRETS_PARTITION, keeper.lower()) if keeper else None
        if kept is not None and kept.document.secrets_type == self.credentials_type:
            return kept.document
        raise ValidationError(
            f"properties.credentials.secrets: needed for credentialsType {self.credentials_type!r}",
            target="properties.credentials.secrets",
        )

    def _secret(self) -> DatastoreSecret | None:
        if self.secrets is None or self.credentials_type == "None":
            return None
        named = any(key.lower() in {"secretstype", "secrets_type"} for key in self.secrets)
        default = {} if named else {"secretsType": self.credentials_type}
        secret = DatastoreSecret.model_validate(default | self.secrets)
        if secret.secrets_type != self.credentials_type or not secret.credential:
            member = "sasToken" if self.credentials_type == "Sas" else "key"
            raise ValueError(f"secrets need secretsType {self.credentials_type!r} and a {member}")
        _check_secret(secret)
        return secret


def _check_secret(secret: DatastoreSecret) -> None:
    """Raise ValueError for a secret that cannot be used in a request. The message does not show the secret."""
    if secret.secrets_type == "Sas":
        if not _QUERY.fullmatch(secret.sas_token) or not secret.sas_token.partition("sig=")[2]:
            raise ValueError("the sasToken must be what follows the question mark of a signed URL, with sig=")
        return
    try:
        base64.b64decode(secret.key, validate=True)
    except ValueError:
        raise ValueError("the key must be the account's key, which is base64") from None


class SecretsRequest(ArmModel):
    """The body of `listSecrets`."""

    expirable_secret: bool = False
    expire_after_hours: int = Field(default=1, ge=1, le=MAX_HOURS)


def keep_secret(account: StorageAccount, name: str, secret: DatastoreSecret) -> None:
    """Store the secret of a datastore."""
    datastore_secrets(account).put(SECRETS_PARTITION, name.lower(), secret)


def forget_secret(account: StorageAccount, name: str) -> None:
    """Delete the secret of a datastore, if it has one."""
    datastore_secrets(account).delete(SECRETS_PARTITION, name.lower())


def probe(account: StorageAccount, name: str, container: DatastoreContainer, secret: DatastoreSecret | None) -> None:
    """Raise ValidationError unless the container of the datastore `name` answers with this secret."""
    client = account.blobs
    if secret is not None or container.credential != "account":
        credential: Any = secret.credential if secret else None
        client = foreign_blobs(account, Place(container.account_url, container.container, name), credential)
    try:
        names = client.get_container_client(container.container).list_blob_names(results_per_page=1)
        next(iter(names), None)
    except (AzureError, ValueError) as error:
        reason = error_code(error) or str(error).strip()
        raise ValidationError(
            f"the container {container.account_url}/{container.container} cannot be read: {reason}",
            target="properties.credentials",
        ) from error


def lend_secret(workspace: Workspace, name: str, request: SecretsRequest) -> dict[str, str]:
    """Return what `listSecrets` answers: for the default datastore a short-lived SAS, else the datastore's own secret.

    Instead of an account key a SAS is given when the client asks for an expirable secret: storage clients take
    either in the member `key`, whose type must match the datastore's type.
    """
    lifetime = timedelta(hours=request.expire_after_hours)
    if is_default(name):
        ensure_container(workspace.account.blobs, DEFAULT_DATASTORE_CONTAINER)
        sas = container_sas(workspace.account, DEFAULT_DATASTORE_CONTAINER, PERMISSIONS, lifetime)
        return {"secretsType": "Sas", "sasToken": sas}
    datastore = workspace.datastores.get(name).document
    if not datastore.properties.has_secret:
        raise ValidationError(f"datastore {name!r} has no secrets: its credentialsType is 'None'", target=name)
    secret = datastore_secrets(workspace.account).get(SECRETS_PARTITION, name.lower()).document
    if secret.secrets_type == "Sas":
        return {"secretsType": "Sas", "sasToken": secret.sas_token.lstrip("?")}
    if not request.expirable_secret:
        return {"secretsType": "AccountKey", "key": secret.key}
    place = datastore.properties
    sas = container_sas_with_key(place.account_name, place.container_name, secret.key, PERMISSIONS, lifetime)
    return {"secretsType": "AccountKey", "key": sas}
