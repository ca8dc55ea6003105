import base64

import pytest

from scorer_container.node.storage.authorization import Anonymous
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import (
    LeaseLostError,
    NoAnswerError,
    QueueGoneError,
    StorageError,
    StorageRefusedError,
    StorageUnavailableError,
)
from scorer_container.node.storage.queue import Queue, Received
from tests.unit.scorer.node.storage.played_client import PlayedClient, answer
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

MESSAGES = """<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>m1</MessageId>
<InsertionTime>x</InsertionTime><PopReceipt>r+1</PopReceipt><DequeueCount>2</DequeueCount>
<MessageText>{text}</MessageText></QueueMessage></QueueMessagesList>"""


def queue_of(client: PlayedClient) -> Queue:
    return Queue(Calls(client, Anonymous()), "tasks")


def held() -> Received:
    return Received("m1", "r+1", 1, "{}")


def listing(text: bytes) -> Response:
    return answer(200, MESSAGES.format(text=text.decode()).encode())


def test_messages_are_received_and_decoded() -> None:
    client = PlayedClient(listing(base64.b64encode('{"ü": 1}'.encode())))
    assert run(queue_of(client).receive(32, 300)) == [Received("m1", "r+1", 2, '{"ü": 1}')]
    assert client.asked[0].target == "/tasks/messages?numofmessages=32&visibilitytimeout=300"


@pytest.mark.parametrize("text", [b"not base64!", base64.b64encode(b"\xff")])
def test_a_text_that_cannot_be_decoded_stays_as_it_is(text: bytes) -> None:
    (message,) = run(queue_of(PlayedClient(listing(text))).receive(1, 30))
    assert message.text == text.decode()


def test_an_answer_of_somebody_else_is_an_error_of_the_queue_which_its_callers_expect() -> None:
    sign_in = answer(200, b"<!doctype html><title>Sign in</title><br>")
    with pytest.raises(StorageRefusedError, match="queue tasks: the answer is not XML"):
        run(queue_of(PlayedClient(sign_in)).receive(1, 30))


def test_a_renewal_brings_the_next_receipt_and_may_change_the_text() -> None:
    message = held()
    client = PlayedClient(answer(204, x_ms_popreceipt="r2"), answer(204, x_ms_popreceipt="r3"))
    run(queue_of(client).renew(message, 60))
    assert message.pop_receipt == "r2"
    run(queue_of(client).renew(message, 0, "new"))
    first, second = client.asked
    assert (first.target, first.body) == ("/tasks/messages/m1?popreceipt=r%2B1&visibilitytimeout=60", None)
    assert second.target == "/tasks/messages/m1?popreceipt=r2&visibilitytimeout=0"
    assert second.body == b"<QueueMessage><MessageText>bmV3</MessageText></QueueMessage>"


def test_a_renewal_is_one_call_so_that_its_holder_decides_what_follows() -> None:
    message, client = held(), PlayedClient(NoAnswerError("timed out"))
    with pytest.raises(StorageUnavailableError):
        run(queue_of(client).renew(message, 60))
    assert (message.pop_receipt, len(client.asked)) == ("r+1", 1)


def test_other_calls_are_patient() -> None:
    client = PlayedClient(NoAnswerError("timed out"), answer(204), NoAnswerError("timed out"), answer(201))
    run(queue_of(client).delete(held()))
    run(queue_of(client).send("hello"))
    assert client.asked[-1].target == "/tasks/messages?messagettl=-1"


@pytest.mark.parametrize(
    ("got", "error"),
    [
        (answer(404, x_ms_error_code="MessageNotFound"), LeaseLostError),
        (answer(400, x_ms_error_code="PopReceiptMismatch"), LeaseLostError),
        (answer(404, x_ms_error_code="QueueNotFound"), QueueGoneError),
        (answer(409, x_ms_error_code="QueueBeingDeleted"), QueueGoneError),
        (answer(404), QueueGoneError),
        (answer(403, x_ms_error_code="AuthorizationFailure"), StorageRefusedError),
    ],
)
def test_refusals_say_whether_the_message_the_queue_or_the_right_is_gone(
    got: Response, error: type[StorageError]
) -> None:
    for call in ("renew", "delete"):
        arguments = (held(), 30) if call == "renew" else (held(),)
        with pytest.raises(error, match="queue tasks"):
            run(getattr(queue_of(PlayedClient(got)), call)(*arguments))


def test_a_queue_exists_or_not() -> None:
    client = PlayedClient(answer(200), answer(404, x_ms_error_code="QueueNotFound"))
    assert [run(queue_of(client).exists()) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("made", [201, 204])
def test_a_queue_that_is_missing_is_made_by_the_first_message(made: int) -> None:
    client = PlayedClient(answer(404), answer(made), answer(201))
    run(queue_of(client).send("hello"))
    assert [(asked.method, asked.target) for asked in client.asked] == [
        ("POST", "/tasks/messages?messagettl=-1"),
        ("PUT", "/tasks"),
        ("POST", "/tasks/messages?messagettl=-1"),
    ]


def test_a_node_that_may_make_no_queue_says_that_it_is_missing() -> None:
    with pytest.raises(QueueGoneError, match="queue tasks does not exist"):
        run(queue_of(PlayedClient(answer(404), answer(403))).send("hello"))
