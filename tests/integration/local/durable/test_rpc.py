"""The management API through the SDK's own client, and as people call it over HTTP."""

import json
import socket
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import aiohttp
import azure.durable_functions as df
import pytest
from aiohttp import web
from azure.durable_functions.models.utils import http_utils

from local.functions_host.durable.rpc.links import DurableLinks, client_binding
from local.functions_host.durable.rpc.rpc import public_routes, rpc_routes

pytestmark = pytest.mark.integration
Status = df.OrchestrationRuntimeStatus


@pytest.fixture
async def api(make_engine, sample_app):
    engine, _ = make_engine(sample_app)
    await engine.start()
    application = web.Application(client_max_size=0)
    server = web.AppRunner(application)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    links = DurableLinks(public_url=origin, rpc_url=origin, system_key="the key")
    application.add_routes([*rpc_routes(engine, links), *public_routes(engine, links)])
    await server.setup()
    await web.SockSite(server, listener).start()
    client = df.DurableOrchestrationClient(client_binding(links))
    async with aiohttp.ClientSession() as http:
        yield SimpleNamespace(engine=engine, client=client, links=links, http=http, origin=origin)
    await http_utils._close_session()  # the SDK keeps one session for the whole process
    await server.cleanup()
    await engine.stop(drain_seconds=2)


async def finished(api, instance_id):
    await api.engine.wait_until_finished(instance_id, 30)
    return await api.client.get_status(instance_id, show_input=True)


async def test_start_and_status(api):
    instance_id = await api.client.start_new("sequence", client_input={"k": 1})
    status = await finished(api, instance_id)
    assert (status.name, status.instance_id) == ("sequence", instance_id)
    assert status.runtime_status is Status.Completed
    assert status.input_ == '{"k": 1}', "the input is a string of JSON"
    assert status.output[:3] == [{"text": "a"}, None, {"k": 1}]
    assert status.custom_status == {"after": "first"}
    assert status.created_time.microsecond == 0
    assert status.created_time <= status.last_updated_time


async def test_the_status_of_a_failed_instance_is_the_plain_reason(api):
    status = await finished(api, await api.client.start_new("raises"))
    assert status.runtime_status is Status.Failed
    assert status.output == "Orchestrator function 'raises' failed: bad thing"


async def test_a_missing_instance_has_a_falsy_status(api):
    assert not await api.client.get_status("nobody")


async def test_the_history_merges_ends_with_their_schedule(api):
    instance_id = await api.client.start_new("sequence")
    await finished(api, instance_id)
    status = await api.client.get_status(instance_id, show_history=True, show_history_output=True)
    assert status.history is None, "the SDK looks for another field"
    events = status.historyEvents
    assert [event["EventType"] for event in events] == [
        "ExecutionStarted",
        "TaskCompleted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]
    assert events[1]["FunctionName"] == "echo"
    assert events[1]["Result"] == {"text": "a"}
    assert events[1]["ScheduledTime"] < events[1]["Timestamp"]
    assert not any({"EventId", "IsPlayed", "TaskScheduledId"} & event.keys() for event in events)


async def test_starting_an_unknown_function_names_the_known_ones(api):
    with pytest.raises(Exception, match=r"'nobody' doesn't exist, is disabled, or is not an orchestrator.*'fan_out'"):
        await api.client.start_new("nobody")


async def test_starting_the_id_of_a_running_instance_is_refused(api):
    await api.client.start_new("two_steps", "taken")
    with pytest.raises(Exception, match=r"An Orchestration instance with the status (Pending|Running) already exists"):
        await api.client.start_new("two_steps", "taken")


async def test_starting_the_id_of_a_finished_instance_replaces_it(api):
    await finished(api, await api.client.start_new("raises", "again"))
    status = await finished(api, await api.client.start_new("fan_out", "again", client_input=2))
    assert (status.name, status.output) == ("fan_out", 2)


@pytest.mark.parametrize("instance_id", ["@entity", "a%2Fb", "a%23b", "a%3Fb", "a%5Cb", "x" * 101, "tab%09"])
async def test_instance_ids_that_cannot_be_used_are_refused(api, instance_id):
    with pytest.raises(Exception, match=r"Instance id '.*'"):
        await api.client.start_new("fan_out", instance_id)


async def test_events_arrive_and_finished_or_missing_instances_refuse_them(api):
    instance_id = await api.client.start_new("event_or_timeout", client_input=3600)
    await api.client.raise_event(instance_id, "Go", {"x": 1})
    assert (await finished(api, instance_id)).output == ["event", '{"x": 1}']
    with pytest.raises(Exception, match="is gone: either completed or failed"):
        await api.client.raise_event(instance_id, "Go", 1)
    with pytest.raises(Exception, match="No instance with ID nobody found"):
        await api.client.raise_event("nobody", "Go", 1)


async def test_suspend_resume_and_terminate(api, until):
    instance_id = await api.client.start_new("two_steps")
    await api.client.suspend(instance_id, "a reason")

    async def is_suspended():
        return (await api.client.get_status(instance_id)).runtime_status is Status.Suspended

    await until(is_suspended)
    await api.client.resume(instance_id, "go on")
    await api.client.terminate(instance_id, "not wanted any more")
    status = await finished(api, instance_id)
    assert (status.runtime_status, status.output) == (Status.Terminated, "not wanted any more")
    await api.client.terminate(instance_id, "a second time is silent")
    with pytest.raises(Exception, match="No instance"):
        await api.client.terminate("nobody", "x")


async def test_lists_are_filtered_by_status_time_and_prefix(api):
    before = datetime.now(UTC) - timedelta(seconds=1)
    await finished(api, await api.client.start_new("fan_out", "list-1", client_input=1))
    await finished(api, await api.client.start_new("raises", "list-2"))
    await api.client.start_new("two_steps", "other")

    async def ids(**wanted):
        return {status.instance_id for status in await api.client.get_status_by(**wanted)}

    assert {status.instance_id for status in await api.client.get_status_all()} == {"list-1", "list-2", "other"}
    assert await ids(runtime_status=[Status.Failed, Status.Canceled]) == {"list-2"}
    assert await ids(instance_id_prefix="list-", created_time_from=before) == {"list-1", "list-2"}
    assert await ids(created_time_to=before) == set()


async def test_purge_by_id_and_by_filter_deletes_only_finished_instances(api):
    before = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(3):
        await finished(api, await api.client.start_new("fan_out", f"purge-{number}", client_input=1))
    await api.client.start_new("two_steps", "running")
    assert (await api.client.purge_instance_history("purge-0")).instances_deleted == 1
    assert (await api.client.purge_instance_history("purge-0")).instances_deleted == 0
    assert (await api.client.purge_instance_history("running")).instances_deleted == 0
    assert (await api.client.purge_instance_history_by(before)).instances_deleted == 2
    assert [status.instance_id for status in await api.client.get_status_all()] == ["running"]


async def test_restart_answers_the_management_urls_of_a_new_instance(api):
    first = await api.client.start_new("fan_out", client_input=3)
    await finished(api, first)
    urls = await api.client.restart(first)
    assert urls["id"] != first
    assert (await finished(api, urls["id"])).output == 6
    with pytest.raises(Exception, match="status code 400"):
        await api.client.restart("nobody")


async def test_rewind_is_refused_with_a_way_out(api):
    instance_id = await api.client.start_new("raises")
    await finished(api, instance_id)
    with pytest.raises(Exception, match="not offered by the local Functions host; use restart"):
        await api.client.rewind(instance_id, "x")
    with pytest.raises(Exception, match="No instance with ID nobody found"):
        await api.client.rewind("nobody", "x")


async def test_entities_are_refused_by_name(api):
    async with api.http.get(f"{api.links.rpc_base_url}entities/counter/k") as answer:
        assert answer.status == 501
        assert "entities are not offered" in await answer.json()


@pytest.mark.parametrize("path", ["/runtime/webhooks/durabletask", "/durabletask"])
async def test_nobody_gets_in_without_the_system_key(api, path):
    url = f"{api.origin}{path}/instances"
    async with api.http.get(url) as answer:
        assert (answer.status, await answer.text()) == (401, "")
    async with api.http.get(url, params={"code": "wrong"}) as answer:
        assert answer.status == 401
    async with api.http.get(url, headers={"Authorization": "Basic d29ya2VyOndyb25n"}) as answer:
        assert answer.status == 401
    async with api.http.get(url, params={"code": "the key"}) as answer:
        assert (answer.status, await answer.json()) == (200, [])


async def test_a_plain_http_start_answers_links_that_work(api):
    start = f"{api.origin}/runtime/webhooks/durabletask/orchestrators/child?code=the%20key"
    async with api.http.post(start, json={"n": 21}) as answer:
        urls = await answer.json()
        assert answer.status == 202
        assert answer.headers["Location"] == urls["statusQueryGetUri"]
        assert answer.headers["Retry-After"] == "10"
    await api.engine.wait_until_finished(urls["id"], 30)
    async with api.http.get(urls["statusQueryGetUri"]) as answer:
        status = await answer.json()
        assert (answer.status, status["output"]["n"]) == (200, 42)
        assert status["input"] == {"n": 21}
        assert list(status) == [
            "name",
            "instanceId",
            "runtimeStatus",
            "input",
            "customStatus",
            "output",
            "createdTime",
            "lastUpdatedTime",
        ]
    async with api.http.delete(urls["purgeHistoryDeleteUri"]) as answer:
        assert await answer.json() == {"instancesDeleted": 1}
    async with api.http.get(urls["statusQueryGetUri"]) as answer:
        assert (answer.status, await answer.read()) == (404, b"")


async def test_a_running_instance_answers_202_and_an_event_needs_json(api):
    instance_id = await api.client.start_new("two_steps")
    urls = api.links.management(instance_id)
    async with api.http.get(urls["statusQueryGetUri"]) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (202, "5")
        assert answer.headers["Location"] == urls["statusQueryGetUri"]
    event = urls["sendEventPostUri"].replace("{eventName}", "first")
    async with api.http.post(event, data="plain") as answer:
        assert answer.status == 400
    async with api.http.post(event, data="{", headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
        assert "Invalid JSON content" in (await answer.json())["ExceptionMessage"]


async def test_a_start_that_waits_answers_the_result(api):
    url = f"{api.links.rpc_base_url}orchestrators/child?timeout=30&pollingInterval=1"
    async with api.http.post(url, json={"n": 2}) as answer:
        assert (answer.status, (await answer.json())["n"]) == (200, 4)


async def test_a_failed_instance_is_500_only_when_asked_for(api):
    instance_id = await api.client.start_new("raises")
    await finished(api, instance_id)
    url = api.links.management(instance_id)["statusQueryGetUri"]
    async with api.http.get(url) as answer:
        assert answer.status == 200
    async with api.http.get(url + "&returnInternalServerErrorOnFailure=true") as answer:
        assert answer.status == 500


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("runtimeStatus=Sleeping", "runtimeStatus 'Sleeping' is unknown; accepted are Pending"),
        ("createdTimeFrom=yesterday", "createdTimeFrom='yesterday' is not an ISO 8601 time"),
        ("top=-1", "top='-1' is not a number of at least 0"),
        ("showInput=maybe", "showInput='maybe' is not a boolean"),
    ],
)
async def test_filters_that_cannot_be_read_are_refused(api, query, words):
    await api.client.start_new("two_steps")
    async with api.http.get(f"{api.links.rpc_base_url}instances/?{query}") as answer:
        assert answer.status == 400
        assert words in (await answer.json())["ExceptionMessage"]


async def test_the_binding_names_the_rpc_and_the_public_urls(api):
    binding = json.loads(client_binding(api.links))
    assert binding["rpcBaseUrl"] == api.origin.replace("://", "://worker:the%20key@") + "/durabletask/"
    assert binding["managementUrls"]["id"] == "INSTANCEID"
    payload = api.client.create_http_management_payload("some-id")
    assert payload == api.links.management("some-id")
    assert "the key" not in repr(api.links)
