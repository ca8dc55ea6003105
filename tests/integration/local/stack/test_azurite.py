import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

pytestmark = pytest.mark.integration


def test_connection_string_reaches_all_three_services(connection_string, unique_name, unique_table_name):
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        container = blobs.create_container(unique_name())
        container.upload_blob("a.txt", b"text")
        assert container.download_blob("a.txt").readall() == b"text"
    with QueueServiceClient.from_connection_string(connection_string) as queues:
        queue = queues.create_queue(unique_name())
        queue.send_message("hello")
        assert next(iter(queue.receive_messages())).content == "hello"
    with TableServiceClient.from_connection_string(connection_string) as tables:
        table = tables.create_table(unique_table_name())
        table.create_entity({"PartitionKey": "p", "RowKey": "r", "Value": 1})
        assert table.get_entity("p", "r")["Value"] == 1
