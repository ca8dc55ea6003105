import pytest

from shared.contracts.bodies import parse_model
from shared.control_plane.datastores.secrets import DatastoreCredentials
from shared.errors import ValidationError

pytestmark = pytest.mark.unit


def credentials(token: str) -> dict[str, object]:
    return {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": token}}


@pytest.mark.parametrize(
    "token",
    [
        "?sv=2022-11-02&ss=b&srt=co&sp=rwl&se=2027-01-01T00:00:00Z&spr=https&sig=a%2Fb%2Bc%3D",
        "sv=2020-12-06&st=2026-01-01T00%3A00%3A00Z&sr=c&sip=1.2.3.4-1.2.3.9&sig=a/b+c=",
    ],
)
def test_a_shared_access_signature_may_come_with_and_without_its_question_mark(token: str) -> None:
    assert parse_model(DatastoreCredentials, credentials(token), "properties.credentials").secrets


@pytest.mark.parametrize(
    "token",
    [
        "sv=1&sig=",
        "sv=1",
        "sig=%zz",
        "sig=a%",
        "#sig=a",
        "sig=a b",
        "sig=a\nb",
        "sig=é",
        "sig=a\x00",
        "sig=" + "x" * 5_000,
    ],
)
def test_a_text_that_cannot_be_a_query_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValidationError, match="what follows the question mark of a signed URL") as refused:
        parse_model(DatastoreCredentials, credentials(token), "properties.credentials")
    assert token not in refused.value.message
