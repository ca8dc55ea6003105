"""The facts that a client needs to talk to a local stack. Standard library only: every command of the CLI reads it."""

from dataclasses import dataclass, field
from pathlib import Path

from local.data_folder.layout import DataFolder
from local.data_folder.setup import RESOURCE_GROUP, WORKSPACE
from local.data_folder.stack_file import require_stack_file
from local.errors import NoStackError
from local.token_issuer.credentials import read_credentials


@dataclass(frozen=True, slots=True)
class Connection:
    """Addresses, names and the credentials of one local stack."""

    management_url: str
    """Base of the management API, without a trailing slash."""

    scoring_url: str
    """Base of the scoring URIs, without a trailing slash."""

    token_url: str
    """OAuth 2.0 token endpoint for the client credentials flow."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    subscription_id: str
    resource_group: str
    workspace: str
    ca_bundle: Path | None
    """The authorities to trust with `--https`: the stack's own and the usual ones."""
    storage_connection_string: str = field(repr=False)
    """The stack's Azurite."""


def read_connection(data_dir: Path) -> Connection:
    """Return how to reach the stack of `data_dir`. The stack need not run.

    Raises:
        NoStackError: there never was a stack in `data_dir`.
        OtherVersionError, StackStateError: a file in it cannot be read.
    """
    folder = DataFolder(data_dir.absolute())
    setup = require_stack_file(folder).setup
    credentials = read_credentials(folder.token_issuer)
    if credentials is None:
        raise NoStackError(folder.root)
    return Connection(
        management_url=setup.management_url,
        scoring_url=setup.scoring_url,
        token_url=setup.token_url,
        tenant_id=credentials.tenant_id,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        subscription_id=setup.subscription_id,
        resource_group=RESOURCE_GROUP,
        workspace=WORKSPACE,
        ca_bundle=folder.tls.bundle if setup.https else None,
        storage_connection_string=setup.storage.connection_string,
    )
