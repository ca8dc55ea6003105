"""Links to blobs of an account that is reached by an identity, as in Azure."""

from datetime import timedelta

import pytest
from azure.storage.blob import BlobServiceClient, UserDelegationKey

from shared.storage.account import StorageAccount
from shared.storage.sas import blob_link, container_sas

pytestmark = pytest.mark.unit
HOUR = timedelta(hours=1)


def test_an_identity_signs_with_a_delegation_key_that_is_asked_for_once(monkeypatch):
    key, asked = UserDelegationKey(), []
    key.signed_oid, key.signed_tid = "0000-object", "0000-tenant"
    key.signed_start = key.signed_expiry = "2026-01-01T00:00:00Z"
    key.signed_service, key.signed_version, key.value = "b", "2021-12-02", "a2V5"
    monkeypatch.setattr(BlobServiceClient, "get_user_delegation_key", lambda *given: asked.append(given) or key)
    account = StorageAccount.from_environment({"AzureWebJobsStorage__accountName": "mine"})
    link = blob_link(account, "data", "a b.csv", HOUR)
    assert link.startswith("https://mine.blob.core.windows.net/data/a%20b.csv?")
    assert "skoid=0000-object" in link
    assert "skoid=0000-object" in container_sas(account, "data", "rl", HOUR)
    assert len(asked) == 1
