import time
from collections.abc import Iterator

import jwt
import pytest

from shared.errors import AuthenticationError
from shared.security.tokens import SigningKeys, TokenVerifier
from shared.settings import DEFAULT_TOKEN_AUDIENCES
from tests.signed_tokens import AUDIENCE, ISSUER, KeyServer, SigningKey, key_server

pytestmark = pytest.mark.unit

KEY = SigningKey("key-1")
NOW = int(time.time())


@pytest.fixture(scope="module")
def served() -> Iterator[KeyServer]:
    with key_server(KEY) as server:
        yield server


@pytest.fixture
def verifier(served: KeyServer) -> TokenVerifier:
    return TokenVerifier(ISSUER, (AUDIENCE, "https://ml.azure.com"), SigningKeys(served.url))


def test_a_caller_is_known_by_what_the_token_says(verifier: TokenVerifier) -> None:
    caller = verifier.caller(f"bearer {KEY.token(tid='tenant-1')}")
    assert (caller.oid, caller.name, caller.tenant, caller.kind) == ("an-oid", "ada@example.org", "tenant-1", "User")


def test_an_application_without_a_name_is_known_by_its_id(verifier: TokenVerifier) -> None:
    caller = verifier.caller(f"Bearer {KEY.token(upn=None, appid='app-1', idtyp='app')}")
    assert (caller.name, caller.kind) == ("app-1", "Application")


@pytest.mark.parametrize("audience", ["https://ml.azure.com/", ["other", AUDIENCE]])
def test_any_of_the_audiences_is_enough(verifier: TokenVerifier, audience: object) -> None:
    assert verifier.caller(f"Bearer {KEY.token(aud=audience)}").oid == "an-oid"


def test_tokens_that_az_gives_without_being_told_a_resource_are_accepted(served: KeyServer) -> None:
    verifier = TokenVerifier(ISSUER, DEFAULT_TOKEN_AUDIENCES, SigningKeys(served.url))
    assert verifier.caller(f"Bearer {KEY.token(aud='https://management.core.windows.net/')}").oid == "an-oid"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        (
            {"aud": "https://graph.microsoft.com"},
            "Audiences in JWT are not allowed.*accepted are.*https://ml.azure.com",
        ),
        ({"aud": "https://management.azure.com.evil.example"}, "Audiences in JWT are not allowed"),
        ({"aud": None}, "lacks the claim 'aud'"),
        ({"exp": NOW - 600}, "expired"),
        ({"exp": None}, "lacks the claim 'exp'"),
        ({"nbf": NOW + 3600}, "not valid yet"),
        ({"iss": "https://evil.example"}, f"accepted is {ISSUER}"),
        ({"iss": None}, "lacks the claim 'iss'"),
    ],
)
def test_claims_that_do_not_fit_are_refused(verifier: TokenVerifier, claims: dict[str, object], reason: str) -> None:
    with pytest.raises(AuthenticationError, match=reason):
        verifier.caller(f"Bearer {KEY.token(**claims)}")


def test_clocks_may_differ_a_little(verifier: TokenVerifier) -> None:
    now = int(time.time())
    assert verifier.caller(f"Bearer {KEY.token(exp=now - 20, nbf=now + 30)}").oid == "an-oid"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dTpw"])
def test_a_header_without_a_bearer_token_is_refused(verifier: TokenVerifier, header: str | None) -> None:
    with pytest.raises(AuthenticationError, match="Authorization: Bearer"):
        verifier.caller(header)


@pytest.mark.parametrize("token", ["x", "a.b.c", "é.é.é"])
def test_a_token_that_is_none_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(AuthenticationError, match="cannot be read"):
        verifier.caller(f"Bearer {token}")


def test_only_the_issuers_own_rs256_signature_is_believed(verifier: TokenVerifier) -> None:
    claims = jwt.decode(KEY.token(), options={"verify_signature": False})
    forged = {
        "only RS256": [
            jwt.encode(claims, None, algorithm="none", headers={"kid": "key-1"}),
            jwt.encode(claims, "a-shared-secret-of-sufficient-length", algorithm="HS256", headers={"kid": "key-1"}),
            jwt.encode(claims, KEY.private, algorithm="RS512", headers={"kid": "key-1"}),
        ],
        "signature is wrong": [SigningKey("key-1").token()],
        "does not publish": [SigningKey("key-2").token()],
    }
    for reason, tokens in forged.items():
        for token in tokens:
            with pytest.raises(AuthenticationError, match=reason):
                verifier.caller(f"Bearer {token}")
