import base64
import uuid
from datetime import datetime

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

pytestmark = pytest.mark.integration

KINDS = ("work", "late", "slow")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class QueueApp:
    """A host of the app `queues`, with queues of its own."""

    def __init__(self, start_host, connection_string, *options, create=("work",), before=None, **more):
        self.names = {kind: f"{kind}-{uuid.uuid4().hex[:10]}" for kind in KINDS}
        self.connection_string = connection_string
        for kind in create:
            self.queue(kind).create_queue()
        if before is not None:
            before(self)
        settings = {f"{kind.upper()}_QUEUE": name for kind, name in self.names.items()}
        self.host = start_host("queues", *options, AzureWebJobsStorage=connection_string, **settings, **more)

    def queue(self, kind: str, suffix: str = "") -> QueueClient:
        return QueueClient.from_connection_string(self.connection_string, self.names[kind] + suffix)

    def waiting(self, kind: str, suffix: str = "") -> int:
        """Messages in the queue, hidden ones too."""
        try:
            return self.queue(kind, suffix).get_queue_properties().approximate_message_count
        except ResourceNotFoundError:
            return 0

    def calls(self, function: str, text: str) -> list[dict]:
        return [call for call in self.host.calls(function) if call["text"] == text]


@pytest.fixture(scope="module")
def make_app(start_host, azurite):
    def make(*options, **more):
        return QueueApp(start_host, azurite.connection_string, *options, **more)

    return make


@pytest.fixture(scope="module")
def app(make_app):
    return make_app(before=lambda app: app.queue("work", "-poison").create_queue())


def test_message_is_decoded_from_base64_and_deleted_after_success(app, until):
    app.queue("work").send_message(encoded("ok"))
    until(lambda: app.calls("work", "ok") and app.waiting("work") == 0, app.host.log)
    assert len(app.calls("work", "ok")) == 1


def test_message_carries_its_id_and_times_and_dequeue_count(app, until):
    sent = app.queue("work").send_message(encoded("metadata"))
    (call,) = until(lambda: app.calls("work", "metadata"), app.host.log)
    assert call["id"] == sent.id
    assert call["dequeue_count"] == 1
    assert call["pop_receipt"]
    inserted, expires, visible = (datetime.fromisoformat(call[key]) for key in ("inserted", "expires", "visible"))
    assert inserted < visible < expires
    assert (visible - inserted).total_seconds() >= 590  # hidden for ten minutes while it is processed


def test_top_level_properties_of_a_json_message_override_the_metadata(app, until):
    text = '{"Id": "from the message", "other": 1}'
    app.queue("work").send_message(encoded(text))
    (call,) = until(lambda: app.calls("work", text), app.host.log)
    assert call["id"] == "from the message"


def test_failed_message_comes_again_and_then_moves_to_the_poison_queue(app, until):
    app.queue("work").send_message(encoded("fail twice"))
    until(lambda: app.calls("poisoned", "fail twice"), app.host.log)
    assert [call["dequeue_count"] for call in app.calls("work", "fail twice")] == [1, 2]
    until(lambda: app.waiting("work") == 0 and app.waiting("work", "-poison") == 0)


def test_message_that_is_not_base64_moves_to_the_poison_queue_without_a_call(app, until):
    app.queue("work").send_message("not base64!")
    until(lambda: f"queue {app.names['work']} is not base64" in app.host.log.read_text())
    # the poison queue's own function cannot decode it either, and has no further queue to move it to
    until(lambda: app.waiting("work") == 0 and app.waiting("work", "-poison") >= 1)
    assert app.calls("work", "not base64!") == []


def test_failed_message_of_a_poison_queue_stays_hidden(app, until):
    app.queue("work", "-poison").send_message(encoded("fail in poison"))
    until(lambda: app.calls("poisoned", "fail in poison"), app.host.log)
    app.queue("work").send_message(encoded("fail meanwhile"))
    until(lambda: app.calls("poisoned", "fail meanwhile"), app.host.log)
    assert len(app.calls("poisoned", "fail in poison")) == 1
    assert app.queue("work", "-poison").peek_messages() == []
    with pytest.raises(ResourceNotFoundError):
        app.queue("work", "-poison-poison").get_queue_properties()


def test_missing_queue_is_polled_until_it_exists(app, until):
    with pytest.raises(ResourceNotFoundError):
        app.queue("late").get_queue_properties()
    app.queue("late").create_queue()
    app.queue("late").send_message(encoded("at last"))
    until(lambda: app.calls("late", "at last"), app.host.log)


def test_message_tried_too_often_elsewhere_is_poisoned_without_a_call(make_app, until):
    def wear_out(other):
        queue = other.queue("work")
        queue.send_message(encoded("worn out"))
        for _ in range(2):  # maxDequeueCount of the app
            message = next(iter(queue.receive_messages()))
            queue.update_message(message, visibility_timeout=0)

    other = make_app(before=wear_out, **{"AzureWebJobs.poisoned.Disabled": "1"})
    until(lambda: other.waiting("work", "-poison") == 1, other.host.log)
    assert other.host.calls("work") == []
    assert [message.content for message in other.queue("work", "-poison").peek_messages()] == [encoded("worn out")]


def test_no_more_than_a_batch_runs_at_once(app, until):
    app.queue("slow").create_queue()
    for number in range(5):
        app.queue("slow").send_message(encoded(f"gate-{number}"))
    for number in range(5):
        app.host.wait_for_calls("slow", min(5, number + 1))
        (app.host.folder / "notes" / f"gate-{number}").touch()
    until(lambda: app.waiting("slow") == 0, app.host.log)
    calls = app.host.calls("slow")
    assert sorted(call["text"] for call in calls) == [f"gate-{number}" for number in range(5)]
    assert max(call["at_once"] for call in calls) == 2


def test_long_call_keeps_its_message_by_renewal(make_app, until):
    brief = make_app("--queue-lease", "2", create=("slow",))
    brief.queue("slow").send_message(encoded("gate"))
    brief.host.wait_for_calls("slow", 1)
    until(lambda: brief.host.log.read_text().count("was renewed") >= 4)  # each after half of the two seconds
    assert brief.queue("slow").peek_messages() == []
    (brief.host.folder / "notes" / "gate").touch()
    until(lambda: brief.waiting("slow") == 0, brief.host.log)
    assert [call["dequeue_count"] for call in brief.host.calls("slow")] == [1]


def test_stop_lets_a_running_function_end_and_deletes_its_message(make_app, until):
    stopping = make_app(create=("slow",))
    stopping.queue("slow").send_message(encoded("gate"))
    stopping.host.wait_for_calls("slow", 1)
    stopping.host.process.terminate()
    until(lambda: "Waiting for 1 running functions" in stopping.host.log.read_text())
    (stopping.host.folder / "notes" / "gate").touch()
    assert stopping.host.process.wait(timeout=30) == 0
    assert stopping.waiting("slow") == 0


def test_stop_gives_back_the_message_of_a_function_that_runs_too_long(make_app):
    stopping = make_app("--drain-seconds", "0.1", create=("slow",))
    stopping.queue("slow").send_message(encoded("gate never opens"))
    stopping.host.wait_for_calls("slow", 1)
    assert stopping.host.stop() == 0
    assert [message.content for message in stopping.queue("slow").peek_messages()] == [encoded("gate never opens")]


def test_host_stops_when_its_stdin_is_closed(make_app):
    attached = make_app("--exit-with-parent", create=())
    attached.host.process.stdin.close()
    assert attached.host.process.wait(timeout=30) == 0
