import time

import pytest
from azure.core.credentials import AccessToken

from scorer_container.node.storage.authorization import AccountKeySas, IdentityToken, account_authorization
from shared.storage.account import StorageAccount
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit


class Identity:
    """An identity whose tokens hold for so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.asked = 0
        self._seconds = seconds

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://storage.azure.com/.default",)
        self.asked += 1
        return AccessToken(f"token{self.asked}", int(time.time()) + self._seconds)


@pytest.mark.parametrize(("seconds", "asked"), [(3600, 1), (200, 2)])
def test_a_token_is_used_until_shortly_before_its_end(seconds: int, asked: int) -> None:
    identity = Identity(seconds)
    authorization = IdentityToken(identity)
    for _ in range(2):
        headers: dict[str, str] = {}
        assert run(authorization.apply("/c/b", headers)) == "/c/b"
    assert (identity.asked, headers) == (asked, {"authorization": f"Bearer token{asked}"})


def test_a_key_makes_one_signature_for_blobs_queues_and_tables() -> None:
    authorization = AccountKeySas("account", "a2V5")
    first, second = (run(authorization.apply("/c/b?comp=block", {})) for _ in range(2))
    assert first == second
    assert first.startswith("/c/b?comp=block&")
    assert "&ss=bqt&" in first


def test_a_given_signature_of_the_workspace_is_used() -> None:
    text = "BlobEndpoint=http://a/;QueueEndpoint=http://b/;TableEndpoint=http://c/;SharedAccessSignature=sv=1&sig=x%2F"
    assert run(account_authorization(StorageAccount(connection_string=text)).apply("/c", {})) == "/c?sv=1&sig=x%2F"
