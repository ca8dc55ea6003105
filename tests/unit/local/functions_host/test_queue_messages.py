import json

import pytest
from azure.functions.meta import Datum

from local.functions_host.app.triggers import QueueAddress
from local.functions_host.listeners.queue_clients import QueueWakeUps
from local.functions_host.listeners.queue_messages import (
    UndecodableMessageError,
    decode_body,
    encode_body,
    output_bodies,
    trigger_value,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("is_base64", [True, False])
def test_encoding_and_decoding_give_the_body_back(is_base64):
    assert decode_body(encode_body("grüß".encode(), is_base64=is_base64), is_base64=is_base64) == "grüß".encode()


@pytest.mark.parametrize("text", ["plain text", "abc", "a$bc"])
def test_text_that_is_not_base64_is_refused(text):
    with pytest.raises(UndecodableMessageError):
        decode_body(text, is_base64=True)


def test_binary_data_type_gives_bytes():
    assert trigger_value(b"\xff", binary=True).value == b"\xff"
    assert trigger_value(b"x", binary=False).value == "x"


@pytest.mark.parametrize(
    ("datum", "bodies"),
    [
        (Datum(type="string", value="[1]"), [b"[1]"]),
        (Datum(type="bytes", value=b"\x00"), [b"\x00"]),
        (Datum(type="json", value=json.dumps(["a", {"b": 1}])), [b"a", b'{"b": 1}']),
        (Datum(type="json", value='{"id": null}'), [b'{"id": null}']),
    ],
)
def test_json_arrays_are_several_messages_and_all_else_is_one(datum, bodies):
    assert list(output_bodies(datum)) == bodies


def test_poison_queue_of_a_poison_queue_or_a_long_name_is_none():
    assert QueueAddress("c", "jobs").poison == QueueAddress("c", "jobs-poison")
    assert QueueAddress("c", "jobs-poison").poison is None
    assert QueueAddress("c", "x" * 57).poison is None


def test_message_wakes_the_listeners_of_its_queue_only():
    wakeups = QueueWakeUps()
    jobs, others = (wakeups.register(QueueAddress("c", name)) for name in ("jobs", "others"))
    wakeups.notify(QueueAddress("c", "jobs"))
    assert jobs.is_set()
    assert not others.is_set()
