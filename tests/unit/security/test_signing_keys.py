import pytest

from shared.errors import AuthenticationError, DependencyError
from shared.security.tokens import KEPT_SECONDS, LONGEST_KEPT_SECONDS, PAUSE_SECONDS, REFETCH_SECONDS, SigningKeys
from tests.signed_tokens import SigningKey, key_server

pytestmark = pytest.mark.unit

OLD, NEW = SigningKey("old"), SigningKey("new")


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_keys_are_fetched_once_and_again_when_they_are_old() -> None:
    clock = Clock()
    with key_server(OLD) as server:
        keys = SigningKeys(server.url, clock)
        keys.get("old")
        keys.get("old")
        assert server.fetches == 1
        clock.seconds = KEPT_SECONDS + 1
        keys.get("old")
        assert server.fetches == 2


def test_a_new_key_is_found_when_a_token_names_it() -> None:
    clock = Clock()
    with key_server(OLD) as server:
        keys = SigningKeys(server.url, clock)
        keys.get("old")
        server.keys = [NEW.public]
        clock.seconds = REFETCH_SECONDS + 1
        keys.get("new")
        with pytest.raises(AuthenticationError, match="'old'"):
            keys.get("old")


def test_unknown_keys_do_not_make_a_flood_of_fetches() -> None:
    with key_server(OLD) as server:
        keys = SigningKeys(server.url, Clock())
        for number in range(5):
            with pytest.raises(AuthenticationError):
                keys.get(f"forged-{number}")
        assert server.fetches == 1


def test_keys_of_other_kinds_are_passed_over() -> None:
    with key_server(OLD) as server:
        others = [
            {"kty": "EC", "kid": "a"},
            OLD.public | {"kid": "b", "use": "enc"},
            {"kty": "RSA", "kid": "c", "n": "?"},
        ]
        server.keys = [*others, OLD.public]
        keys = SigningKeys(server.url, Clock())
        keys.get("old")
        for other in "abc":
            with pytest.raises(AuthenticationError):
                keys.get(other)


def test_known_keys_serve_on_while_the_issuer_is_mute() -> None:
    clock = Clock()
    with key_server(OLD) as server:
        keys = SigningKeys(server.url, clock)
        keys.get("old")
        server.status = 500
        clock.seconds = KEPT_SECONDS + 1
        keys.get("old")
        with pytest.raises(DependencyError, match="HTTP status 500"):
            keys.get("new")
        assert server.fetches == 2, "a mute issuer is asked again only after a pause"
        clock.seconds = LONGEST_KEPT_SECONDS + 1
        with pytest.raises(DependencyError, match="HTTP status 500"):
            keys.get("old")
        server.status, server.keys = 200, [NEW.public]
        clock.seconds += PAUSE_SECONDS
        keys.get("new")
        with pytest.raises(AuthenticationError):
            keys.get("old")


def test_an_issuer_that_does_not_answer_is_named() -> None:
    with key_server(OLD) as server:
        server.status = 404
        with pytest.raises(DependencyError, match=f"{server.url} answered HTTP status 404"):
            SigningKeys(server.url, Clock()).get("old")
        server.status, server.keys = 200, [None]  # type: ignore[list-item]  # what a broken issuer may publish
        with pytest.raises(DependencyError, match="cannot be read"):
            SigningKeys(server.url, Clock()).get("old")
