"""Transfers between a folder and a container."""

from datetime import timedelta
from pathlib import Path

import pytest

from cli.uploads.container import Container
from shared.storage.account import StorageAccount
from shared.storage.sas import container_sas

pytestmark = pytest.mark.integration


def test_a_download_leaves_out_blobs_that_stand_for_folders(
    account: StorageAccount, container: str, tmp_path: Path
) -> None:
    client = account.blobs.get_container_client(container)
    client.upload_blob("out/sub", b"", metadata={"hdi_isfolder": "true"})
    client.upload_blob("out/other/", b"")
    client.upload_blob("out/sub/rows.csv", b"1\n")
    signed = container_sas(account, container, "rl", timedelta(minutes=5))
    source = Container(client.url, signed)
    assert source.download("out/", source.blobs("out/"), tmp_path, "rows") == [tmp_path / "sub" / "rows.csv"]
    assert (tmp_path / "sub" / "rows.csv").read_text() == "1\n"
