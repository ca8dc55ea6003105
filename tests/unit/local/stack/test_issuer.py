import base64
import time

import jwt
import pytest

from local.token_issuer.credentials import Credentials, ensure_credentials
from local.token_issuer.issuer import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    InvalidTargetError,
    Issuer,
    UnsupportedGrantTypeError,
    ensure_signing_key,
)

pytestmark = pytest.mark.unit

WHO = Credentials("tenant", "client", "object", "secret")
ISSUER_URL = "http://127.0.0.1:1/tenant/v2.0"
AUDIENCES = frozenset({"https://management.azure.com", "https://ml.azure.com", "http://127.0.0.1:2"})
GOOD = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return ensure_signing_key(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def issuer(key):
    return Issuer(WHO, key, ISSUER_URL, AUDIENCES)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("request_part", "audience"),
    [
        ({"scope": "https://ml.azure.com/.default"}, "https://ml.azure.com"),
        ({"scope": "https://management.azure.com//.default"}, "https://management.azure.com"),
        ({"scope": "http://127.0.0.1:2/.default"}, "http://127.0.0.1:2"),
        ({"resource": "https://ml.azure.com"}, "https://ml.azure.com"),
        ({"resource": "https://management.azure.com/"}, "https://management.azure.com"),
    ],
)
def test_the_token_is_for_the_audience_asked_for(issuer, key, request_part, audience):
    token = issuer.grant({**GOOD, **request_part}, None)
    claims = jwt.decode(token.value, key.private.public_key(), ["RS256"], audience=audience, issuer=ISSUER_URL)
    assert claims["aud"] == audience
    assert (claims["tid"], claims["oid"], claims["sub"], claims["appid"]) == ("tenant", "object", "object", "client")
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["nbf"] == claims["iat"] <= time.time()
    assert jwt.get_unverified_header(token.value)["kid"] == key.as_jwk()["kid"]


def test_basic_authentication_serves_as_well_as_the_form(issuer):
    form = {"grant_type": "client_credentials", "resource": "https://ml.azure.com"}
    assert issuer.grant(form, basic("client:secret")).audience == "https://ml.azure.com"


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"grant_type": ""}, InvalidRequestError, "grant_type"),
        ({"grant_type": "password"}, UnsupportedGrantTypeError, "'password'.*client_credentials"),
        ({"client_id": "other"}, InvalidClientError, "'other'"),
        ({"client_id": ""}, InvalidRequestError, "client_id"),
        ({"client_secret": "wrong"}, InvalidClientError, "secret of application client is wrong"),
        ({"client_secret": "sécret"}, InvalidClientError, "wrong"),
        ({"scope": ""}, InvalidRequestError, "scope"),
        ({"scope": "https://ml.azure.com"}, InvalidScopeError, "/.default"),
        ({"scope": "https://ml.azure.com/.default openid"}, InvalidScopeError, "/.default"),
        ({"scope": "https://vault.azure.net/.default"}, InvalidTargetError, "accepted are .*https://ml.azure.com"),
    ],
)
def test_a_bad_request_is_refused_by_name(issuer, change, error, says):
    with pytest.raises(error, match=says):
        issuer.grant({**GOOD, "scope": "https://ml.azure.com/.default", **change}, None)


@pytest.mark.parametrize("header", ["Bearer abc", "Basic ???", basic("no colon"), basic("client:wrong")])
def test_bad_basic_authentication_is_refused(issuer, header):
    with pytest.raises(InvalidClientError):
        issuer.grant({**GOOD, "resource": "https://ml.azure.com"}, header)


def test_key_and_credentials_are_made_once(tmp_path):
    assert ensure_signing_key(tmp_path).id == ensure_signing_key(tmp_path).id
    made = ensure_credentials(tmp_path, "tenant")
    assert ensure_credentials(tmp_path, "another tenant") == made
    assert made.client_secret not in repr(made)
