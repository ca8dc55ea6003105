import pytest

from shared.errors import ValidationError
from shared.outbound import check_outbound_url

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/a", "http or https"),
        ("file:///etc/passwd", "http or https"),
        ("http:///path", "http or https"),
        ("http://93.184.216.34:port/", "Port"),
        ("http://user:secret@93.184.216.34/", "user name or password"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://127.1/", "127.0.0.1"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://0.0.0.0/", "0.0.0.0"),
        ("http://localhost:7071/", "loopback"),
        ("http://[::1]/", "::1"),
        ("http://[::ffff:127.0.0.1]/", "127.0.0.1"),
        ("http://[64:ff9b::7f00:1]/", "64:ff9b"),
        ("http://169.254.169.254/metadata/instance", "169.254.169.254"),
        ("http://168.63.129.16/", "168.63.129.16"),
        ("http://[fe80::1]/", "fe80::1"),
        ("http://[fd00:ec2::254]/", "fd00:ec2::254"),
        ("http://224.0.0.1/", "224.0.0.1"),
        ("http://no-such-host.invalid/", "cannot be resolved"),
    ],
)
def test_what_the_service_must_not_call_is_refused_by_field(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=f"^uri .*{reason}") as caught:
        check_outbound_url(url, field="uri")
    assert "secret" not in caught.value.message
    assert caught.value.target == "uri"


@pytest.mark.parametrize("url", ["https://93.184.216.34/a.csv", "http://10.1.2.3:8080/a", "HTTP://192.168.0.1/"])
def test_public_and_private_addresses_are_allowed(url: str) -> None:
    check_outbound_url(url)


def test_addresses_below_an_allowed_base_are_allowed() -> None:
    base = "http://127.0.0.1:10000/devstoreaccount1"
    check_outbound_url(f"{base}/container/a.csv", allowed_bases=(base,))
    with pytest.raises(ValidationError):
        check_outbound_url(f"{base}2/container", allowed_bases=(base,))
