"""The examples of docs/automation.md are what the code reads and writes."""

import json
import re
from pathlib import Path

import pytest

from shared.contracts.automation import BlobTriggerProperties, ScheduleProperties
from shared.contracts.bodies import parse_model
from shared.contracts.invoke import InvokeProperties
from shared.contracts.messages import InvokeMessage, PoisonMessage
from shared.jobs.notifications import EVENT_TYPE

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[3] / "docs/automation.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_the_message_of_the_page_is_read() -> None:
    message = parse_model(InvokeMessage, EXAMPLES[0])
    assert parse_model(InvokeProperties, message.properties).mini_batch_size == 20
    assert message.request_id == "orders-2026-11-22"


def test_the_envelope_of_the_page_is_what_is_written() -> None:
    envelope = parse_model(PoisonMessage, EXAMPLES[1])
    assert json.loads(envelope.to_text()) == {**EXAMPLES[1], "truncated": False}


def test_every_member_of_the_message_is_described() -> None:
    assert [name for name in EXAMPLES[0] if f"| `{name}` |" not in PAGE] == []


def test_the_webhook_of_the_page_is_read() -> None:
    (webhook,) = parse_model(InvokeProperties, EXAMPLES[5]).notification_setting.webhooks.values()
    assert webhook.event_type == "JobFailed"
    assert EXAMPLES[6]["type"] == EVENT_TYPE


def test_the_trigger_of_the_page_is_read() -> None:
    trigger = parse_model(BlobTriggerProperties, EXAMPLES[4]["properties"])
    assert trigger.trigger.job_input_type == "UriFolder"
    assert parse_model(InvokeProperties, trigger.action.endpoint_invocation_definition.properties).mini_batch_size == 20


def test_the_schedule_of_the_page_is_read() -> None:
    schedule = parse_model(ScheduleProperties, EXAMPLES[2]["properties"])
    assert parse_model(InvokeProperties, schedule.action.endpoint_invocation_definition.properties).input_data
