"""The URLs by which clients reach the durable engine, and the value of the `durableClient` binding."""

import json
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote, urlencode

PUBLIC_PATH = "/runtime/webhooks/durabletask"
"""Where the host's public listener serves the management API, guarded by the system key."""

RPC_PATH = "/durabletask"
"""Where the host's loopback listener serves the API for the SDK's client, guarded by the same key."""

INSTANCE_PLACEHOLDER = "INSTANCEID"
_WORKER = "worker"

_OPERATIONS = {
    "statusQueryGetUri": ("", {}),
    "sendEventPostUri": ("/raiseEvent/{eventName}", {}),
    "terminatePostUri": ("/terminate", {"reason": "{text}"}),
    "rewindPostUri": ("/rewind", {"reason": "{text}"}),
    "purgeHistoryDeleteUri": ("", {}),
    "restartPostUri": ("/restart", {}),
    "suspendPostUri": ("/suspend", {"reason": "{text}"}),
    "resumePostUri": ("/resume", {"reason": "{text}"}),
}


@dataclass(frozen=True)
class DurableLinks:
    """Where the engine is reached.

    Attributes:
        public_url: origin of the host's public listener, such as `http://127.0.0.1:7071`.
        rpc_url: origin of the host's loopback RPC listener, such as `http://127.0.0.1:17071`.
        system_key: value of the system key; people give it as `code`, the SDK's client as the password in its URL.
        task_hub: name of the task hub.
        connection: name of the storage connection, which is carried along and has no effect here.
    """

    public_url: str
    rpc_url: str
    system_key: str
    task_hub: str = "LocalTaskHub"
    connection: str = "Storage"

    def __repr__(self) -> str:
        return f"DurableLinks(public_url={self.public_url!r}, rpc_url={self.rpc_url!r})"

    @property
    def required_query(self) -> str:
        """The query that every call of the public API carries."""
        return urlencode({"taskHub": self.task_hub, "connection": self.connection, "code": self.system_key})

    @property
    def rpc_base_url(self) -> str:
        """Base of the URLs of the SDK's client, which adds paths and queries; the key is in front of the host."""
        scheme, host = self.rpc_url.split("://")
        return f"{scheme}://{_WORKER}:{quote(self.system_key, safe='')}@{host}{RPC_PATH}/"

    @property
    def rpc_authorization(self) -> str:
        """The header `Authorization` that HTTP clients make of `rpc_base_url`."""
        return f"Basic {b64encode(f'{_WORKER}:{self.system_key}'.encode()).decode()}"

    def management(self, instance_id: str = INSTANCE_PLACEHOLDER) -> dict[str, str]:
        """The management URLs of an instance, as a start answers them."""
        base = f"{self.public_url}{PUBLIC_PATH}/instances/{quote(instance_id, safe='')}"
        urls = {"id": instance_id}
        for name, (path, query) in _OPERATIONS.items():
            extra = "".join(f"{key}={value}&" for key, value in query.items())
            urls[name] = f"{base}{path}?{extra}{self.required_query}"
        return urls

    def creation(self) -> dict[str, str]:
        """The URLs that start an orchestration."""
        base = f"{self.public_url}{PUBLIC_PATH}/orchestrators/{{functionName}}[/{{instanceId}}]"
        wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
        return {
            "createNewInstancePostUri": f"{base}?{self.required_query}",
            "createAndWaitOnNewInstancePostUri": f"{base}?{wait}&{self.required_query}",
        }


def client_binding(links: DurableLinks) -> str:
    """JSON text of the value of a `durableClient` input binding."""
    return json.dumps(
        {
            "taskHubName": links.task_hub,
            "creationUrls": links.creation(),
            "managementUrls": links.management(),
            "baseUrl": f"{links.public_url}{PUBLIC_PATH}",
            "requiredQueryStringParameters": links.required_query,
            "rpcBaseUrl": links.rpc_base_url,
        }
    )
