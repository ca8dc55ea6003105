"""Rows of tables that nobody can read."""

from typing import Any

from azure.data.tables import TableServiceClient

BROKEN: dict[str, dict[str, Any]] = {
    "no properties": {},
    "a missing piece": {"chunks": 2, "document0": "{"},
    "a count that is a text": {"chunks": "many", "document0": "{}"},
    "no JSON": {"chunks": 1, "document0": "{,"},
    "another type": {"chunks": 1, "document0": "[7]"},
    "a missing member": {"chunks": 1, "document0": "{}"},
}
"""What their entities hold, by what is wrong with them."""


def write_broken(
    tables: TableServiceClient, table: str, partition: str, key: str, content: dict[str, Any] | None = None
) -> None:
    """Write such a row over whatever is there."""
    entity = BROKEN["no JSON"] if content is None else content
    client = tables.create_table_if_not_exists(table)
    client.upsert_entity({"PartitionKey": partition, "RowKey": key, **entity}, mode="replace")
