import pytest

from shared.storage.hot_path.authorization import Anonymous
from shared.storage.hot_path.errors import StorageRefusedError
from shared.storage.hot_path.queue import HotQueue
from shared.storage.hot_path.transport import Patience, Transport
from tests.http_server import QuietHandler, serving

pytestmark = pytest.mark.unit


class SignIn(QuietHandler):
    """What a gateway answers in place of the storage account."""

    def do_GET(self) -> None:
        self.answer(200, b"<!doctype html><title>Sign in</title><br>")


def test_an_answer_of_somebody_else_is_an_error_of_the_queue_which_its_callers_expect() -> None:
    with serving(SignIn) as url, pytest.raises(StorageRefusedError, match="queue tasks: the answer is not XML"):
        HotQueue(Transport(url, Anonymous(), Patience(0)), "tasks").receive(1, 30)
