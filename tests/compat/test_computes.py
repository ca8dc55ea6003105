import pytest

from tests.compat.remote_client import ClientError, RemoteClient

pytestmark = pytest.mark.e2e


def test_a_compute_is_created_and_found(client: RemoteClient, compute: str) -> None:
    found = client.run("get_compute", name=compute)
    assert found["type"] == "amlcompute"
    assert (found["least"], found["most"], found["size"]) == (0, 2, "STANDARD_DS3_V2")
    assert "succeeded" in found["state"].lower()


def test_computes_are_listed(client: RemoteClient, compute: str) -> None:
    assert compute in client.run("list_computes")


def test_a_compute_is_resized_by_creating_it_again(client: RemoteClient) -> None:
    client.run("create_compute", name="resized")
    assert client.run("create_compute", name="resized", most=5)["most"] == 5


def test_a_compute_is_updated(client: RemoteClient) -> None:
    client.run("create_compute", name="updated")
    assert client.run("update_compute", name="updated", most=4)["most"] == 4


def test_the_nodes_of_a_compute_are_listed(client: RemoteClient) -> None:
    client.run("create_compute", name="empty")
    assert client.run("list_nodes", name="empty") == []


def test_a_compute_is_deleted(client: RemoteClient) -> None:
    client.run("create_compute", name="short-lived")
    client.run("delete_compute", name="short-lived")
    with pytest.raises(ClientError, match="short-lived") as refused:
        client.run("get_compute", name="short-lived")
    assert refused.value.kind == "ResourceNotFoundError"
