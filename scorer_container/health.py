"""`python -m scorer_container.health`: the container's health check.

It reads this node's row in table `nodes`: a fresh heartbeat shows that the node is alive and reaches its storage
account.
"""

import sys
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from scorer_container.node.settings import NodeSettings
from shared.contracts.progress import NodeRow
from shared.settings import SettingsError
from shared.storage.account import StorageAccount, workspace_account
from shared.storage.rows import RowTable


def problem(settings: NodeSettings, account: StorageAccount, now: datetime) -> str:
    """Return what is wrong with the node; an empty text if its last heartbeat is younger than its lease."""
    row = RowTable(account.tables, "nodes", NodeRow).find(settings.compute, settings.node_id)
    if row is None:
        return f"node {settings.node_id} of compute {settings.compute} has not announced itself"
    if not row.document.is_live(now, settings.lease_seconds):
        return f"the last heartbeat of node {settings.node_id} was at {row.document.heartbeat.isoformat()}"
    return ""


def main() -> int:
    """Exit with 0 if the node is healthy, else with 1 and the reason on standard error."""
    try:
        found = problem(NodeSettings.from_environment(), workspace_account(), datetime.now(UTC))
    except (SettingsError, AzureError) as error:
        found = str(error)
    if found:
        print(f"unhealthy: {found}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
