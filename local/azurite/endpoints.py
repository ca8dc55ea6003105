"""Where an Azurite listens, and what clients need to reach it."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.loopback.ports import LOOPBACK, connect

ACCOUNT_NAME = "devstoreaccount1"
# The published key of every storage emulator, see
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True, slots=True)
class AzuriteEndpoints:
    """The three services of one Azurite on this machine."""

    blob_port: int
    queue_port: int
    table_port: int
    scheme: str = "http"
    """`https` if Azurite has a certificate."""
    account_key: str = field(default=ACCOUNT_KEY, repr=False)
    """By default the published key, for the short-lived data of tests. A stack has a secret key of its own."""

    @property
    def blob_url(self) -> str:
        """Blob service of the development account, without a trailing slash."""
        return self._url(self.blob_port)

    @property
    def queue_url(self) -> str:
        """Queue service of the development account, without a trailing slash."""
        return self._url(self.queue_port)

    @property
    def table_url(self) -> str:
        """Table service of the development account, without a trailing slash."""
        return self._url(self.table_port)

    @property
    def suffix(self) -> str:
        """Completes `https://<account>.blob.` to the blob service. The part before `@` is only a user name."""
        return f"x@{LOOPBACK}:{self.blob_port}/{ACCOUNT_NAME}"

    @property
    def ports(self) -> Mapping[str, int]:
        """The port of each service, by the service's name."""
        return {"blob": self.blob_port, "queue": self.queue_port, "table": self.table_port}

    @property
    def connection_string(self) -> str:
        """The local value of `AzureWebJobsStorage`."""
        return ";".join(
            (
                f"DefaultEndpointsProtocol={self.scheme}",
                f"AccountName={ACCOUNT_NAME}",
                f"AccountKey={self.account_key}",
                f"BlobEndpoint={self.blob_url}",
                f"QueueEndpoint={self.queue_url}",
                f"TableEndpoint={self.table_url}",
            )
        )

    def _url(self, port: int) -> str:
        return f"{self.scheme}://{LOOPBACK}:{port}/{ACCOUNT_NAME}"


_ANSWER_TIMEOUT_SECONDS = 5.0


def is_ready(endpoints: AzuriteEndpoints, trust: ssl.SSLContext | None = None) -> bool:
    """Return True if all three services answer as Azurite does; ask over TLS if `trust` is given."""
    return all(_answers(service, port, trust) for service, port in endpoints.ports.items())


def _answers(service: str, port: int, trust: ssl.SSLContext | None) -> bool:
    connection = connect(port, trust, _ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        server = connection.getresponse().getheader("Server", "")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return server.startswith(f"Azurite-{service.capitalize()}/")
