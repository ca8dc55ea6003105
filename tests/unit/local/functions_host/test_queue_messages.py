import base64

import pytest

from local.functions_host.app.triggers import QueueAddress
from local.functions_host.listeners.queue_messages import UndecodableMessageError, decode_body

pytestmark = pytest.mark.unit


def test_body_is_decoded_from_base64():
    assert decode_body(base64.b64encode("grüß".encode()).decode()) == "grüß".encode()


@pytest.mark.parametrize("text", ["plain text", "abc", "a$bc"])
def test_text_that_is_not_base64_is_refused(text):
    with pytest.raises(UndecodableMessageError):
        decode_body(text)


def test_poison_queue_of_a_poison_queue_or_a_long_name_is_none():
    assert QueueAddress("c", "jobs").poison == QueueAddress("c", "jobs-poison")
    assert QueueAddress("c", "jobs-poison").poison is None
    assert QueueAddress("c", "x" * 57).poison is None
