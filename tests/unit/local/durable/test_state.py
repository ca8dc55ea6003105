import json

import pytest

from local.functions_host.app.functions import Outcome
from local.functions_host.durable.state import read_state

pytestmark = pytest.mark.unit

ACTION = {"actionType": 0, "functionName": "a", "input": "null"}


def answer(**fields):
    return json.dumps({"isDone": False, "schemaVersion": 2, "actions": [[ACTION]]} | fields)


def failure(text, stack="the stack"):
    return Outcome(False, error=text, stack=stack)


@pytest.mark.parametrize("wrap", [str, json.dumps, json.loads], ids=["text", "text of text", "object"])
def test_an_answer_is_read_as_text_or_object(wrap):
    state = read_state(Outcome(True, wrap(answer(customStatus={"s": 1}))))
    assert (state.actions, state.is_done, state.error) == ([ACTION], False, "")
    assert (state.output_json, state.custom_status_json) == (None, '{"s": 1}')


def test_a_failure_carries_its_state_behind_the_label():
    state = read_state(failure(f"Exception: bad\n\n$OutOfProcData$:{answer(error='bad', customStatus=1)}"))
    assert (state.error, state.actions, state.custom_status_json) == ("bad", [ACTION], "1")
    assert state.details == "Message: bad, StackTrace: the stack"


def test_a_message_that_holds_the_label_itself_does_not_mislead():
    text = f"Exception: $OutOfProcData$: {{}} is my text\n\n$OutOfProcData$:{answer(error='real')}"
    assert read_state(failure(text)).error == "real"


def test_a_failure_without_the_label_is_the_whole_error():
    state = read_state(failure("ImportError: no module"))
    assert (state.error, state.actions) == ("ImportError: no module", [])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no json", "not valid json"),
        (None, "not valid json"),
        (answer(schemaVersion=0), "schemaVersion is 0; this host accepts 1, 2"),
        (answer(schemaVersion=3), "schemaVersion is 3"),
        (answer(actions=[[], []]), "'actions' must be a list that holds exactly one list"),
    ],
)
def test_answers_that_cannot_be_used_become_a_failure(value, words):
    assert words in read_state(Outcome(True, value)).error
