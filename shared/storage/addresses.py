"""The address of the blob service, as clients put it together that know a suffix only."""

from urllib.parse import urlsplit

from shared.storage.account import StorageAccount


def storage_suffix(account: StorageAccount) -> str:
    """What completes `https://<account>.blob.` to the account's blob service.

    An emulator has the account in the path and no name in DNS. Then the text before `@` makes a user name of
    `<account>.blob.x`, and what follows is host, port and path: `x@127.0.0.1:10000/devstoreaccount1`.
    """
    parts = urlsplit(account.blob_url)
    host = parts.hostname or ""
    prefix = f"{account.account_name}.blob."
    if host.startswith(prefix):
        return parts.netloc.removeprefix(prefix)
    return f"x@{parts.netloc}{parts.path.rstrip('/')}"
