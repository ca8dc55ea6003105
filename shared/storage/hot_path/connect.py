"""Hot-path clients of the workspace's account."""

from shared.storage.account import StorageAccount
from shared.storage.hot_path.authorization import AccountKeySas, Authorization, GivenSas, IdentityToken
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.queue import HotQueue
from shared.storage.hot_path.transport import Patience, Transport


def account_authorization(account: StorageAccount) -> Authorization:
    """Return the credential for the workspace's account: its key, its SAS, or the process's identity."""
    if account.credential is not None:
        return IdentityToken(account.credential)
    settings = dict(part.split("=", 1) for part in account.connection_string.split(";") if "=" in part)
    if signature := settings.get("SharedAccessSignature"):
        return GivenSas(signature)
    return AccountKeySas(account.account_name, str(account.blobs.credential.account_key))


class HotAccount:
    """Hot-path clients of the workspace's account, with one connection pool for each service."""

    def __init__(self, account: StorageAccount, patience: Patience | None = None) -> None:
        """`patience` holds for all clients made here."""
        authorization = account_authorization(account)
        self._queues = Transport(account.queues.url, authorization, patience)
        self.blobs = HotBlobs(Transport(account.blob_url, authorization, patience))

    def queue(self, name: str) -> HotQueue:
        """Return the queue of this name, which need not exist."""
        return HotQueue(self._queues, name)
