import contextlib
import http.client
import json
import subprocess
import sys
from urllib.parse import urlencode

import jwt
import pytest

from local.loopback.ports import free_ports
from local.token_issuer.credentials import issuer_url, jwks_url, read_credentials, token_url

pytestmark = pytest.mark.integration

TENANT = "11111111-2222-3333-4444-555555555555"
ML = "https://ml.azure.com"


class IssuerProcess:
    def __init__(self, folder, port: int) -> None:
        self.folder, self.port = folder, port
        self.base_url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "local.token_issuer", "--port", str(port), "--data-dir", str(folder)),
                *("--tenant", TENANT, "--audience", f"{ML}/", "--exit-with-parent"),
            ],
            stdin=subprocess.PIPE,
        )

    def call(self, method: str, url: str, form: dict[str, str] | None = None) -> tuple[int, dict]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
            connection.request(method, url.removeprefix(self.base_url), urlencode(form) if form else None, kind)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def answers(self) -> bool:
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def form(self, **more: str) -> dict[str, str]:
        who = read_credentials(self.folder)
        secret = {"client_id": who.client_id, "client_secret": who.client_secret}
        return {"grant_type": "client_credentials", **secret, **more}

    def verify(self, token: str) -> dict:
        key = jwt.PyJWKClient(jwks_url(self.base_url, TENANT)).get_signing_key_from_jwt(token)
        return jwt.decode(token, key, ["RS256"], audience=ML, issuer=issuer_url(self.base_url, TENANT))

    def end(self) -> None:
        self.process.terminate()
        self.process.stdin.close()
        self.process.wait(20)


@pytest.fixture
def start(tmp_path, eventually):
    started = []
    (port,) = free_ports(1)

    def start_one() -> IssuerProcess:
        issuer = IssuerProcess(tmp_path, port)
        started.append(issuer)
        eventually(issuer.answers, what="the issuer's answer")
        return issuer

    yield start_one
    for issuer in started:
        issuer.end()


def test_a_token_has_the_role_owner_or_the_one_that_is_asked_for(start):
    issuer = start()

    def roles(**more: str) -> list[str]:
        form = issuer.form(scope=f"{ML}/.default", **more)
        return issuer.verify(issuer.call("POST", token_url(issuer.base_url, TENANT), form)[1]["access_token"])["roles"]

    assert roles() == ["Owner"]
    assert roles(role="Reader") == ["Reader"]


def test_a_token_of_either_version_verifies_against_the_published_keys(start):
    issuer = start()
    _, configuration = issuer.call("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration")
    assert configuration["jwks_uri"] == jwks_url(issuer.base_url, TENANT)
    assert configuration["issuer"] == issuer_url(issuer.base_url, TENANT)
    status, v2 = issuer.call("POST", configuration["token_endpoint"], issuer.form(scope=f"{ML}/.default"))
    assert (status, v2["token_type"], v2["expires_in"]) == (200, "Bearer", 3600)
    status, v1 = issuer.call("POST", f"/{TENANT}/oauth2/token", issuer.form(resource=ML))
    assert (status, v1["resource"], v1["expires_in"]) == (200, ML, "3600")
    claims = issuer.verify(v1["access_token"])
    assert str(claims["exp"]) == v1["expires_on"]
    assert claims["oid"] == issuer.verify(v2["access_token"])["oid"]


def test_tokens_stay_good_over_a_restart(start):
    issuer = start()
    _, answer = issuer.call("POST", token_url(issuer.base_url, TENANT), issuer.form(resource=ML))
    before = read_credentials(issuer.folder)
    issuer.process.kill()
    issuer.process.wait()
    assert start().verify(answer["access_token"])["tid"] == TENANT
    assert read_credentials(issuer.folder) == before


def test_refusals_have_the_shape_of_oauth(start):
    issuer = start()
    token = token_url(issuer.base_url, TENANT)
    wrong_secret = issuer.call("POST", token, {**issuer.form(resource=ML), "client_secret": "wrong"})
    other_audience = issuer.call("POST", token, issuer.form(resource="https://vault.azure.net"))
    other_tenant = issuer.call("POST", "/other/oauth2/v2.0/token", issuer.form(resource=ML))
    assert [(status, body["error"]) for status, body in (wrong_secret, other_audience, other_tenant)] == [
        (401, "invalid_client"),
        (400, "invalid_resource"),
        (400, "invalid_request"),
    ]
    assert "other" in other_tenant[1]["error_description"]


def test_it_ends_with_its_parent(start):
    issuer = start()
    issuer.process.stdin.close()
    assert issuer.process.wait(20) == 0
