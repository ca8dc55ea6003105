"""The management API through the SDK's own client."""

import json
import socket
from types import SimpleNamespace

import aiohttp
import azure.durable_functions as df
import pytest
from aiohttp import web
from azure.durable_functions.models.utils import http_utils

from local.functions_host.durable.rpc import DurableLinks, client_binding, rpc_routes

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
    links = DurableLinks(rpc_url=origin, system_key="the key")
    application.add_routes(rpc_routes(engine, links))
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


async def test_purge_deletes_only_finished_instances(api):
    await finished(api, await api.client.start_new("fan_out", "ended", client_input=1))
    await api.client.start_new("two_steps", "running")
    assert (await api.client.purge_instance_history("ended")).instances_deleted == 1
    assert (await api.client.purge_instance_history("ended")).instances_deleted == 0
    assert (await api.client.purge_instance_history("running")).instances_deleted == 0
    assert await api.client.get_status("running")


async def test_a_running_instance_answers_202_and_an_event_needs_json(api):
    instance = f"{api.links.rpc_base_url}instances/{await api.client.start_new('two_steps')}"
    async with api.http.get(instance) as answer:
        assert answer.status == 202
    event = f"{instance}/raiseEvent/first"
    async with api.http.post(event, data="plain") as answer:
        assert answer.status == 400
    async with api.http.post(event, data="{", headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
        assert "Invalid JSON content" in (await answer.json())["ExceptionMessage"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "instances/"),
        ("DELETE", "instances/"),
        ("POST", "instances/x/terminate"),
        ("POST", "instances/x/suspend"),
        ("POST", "instances/x/restart"),
        ("POST", "instances/x/rewind"),
        ("GET", "entities/counter/k"),
    ],
)
async def test_every_other_operation_is_refused_by_name(api, method, path):
    async with api.http.request(method, api.links.rpc_base_url + path) as answer:
        assert answer.status == 501
        assert await answer.json() == f"{method} /durabletask/{path} is not offered by the local Functions host."


async def test_nobody_gets_in_without_the_system_key(api):
    url = f"{api.origin}/durabletask/instances/nobody"
    async with api.http.get(url) as answer:
        assert (answer.status, await answer.text()) == (401, "")
    async with api.http.get(url, params={"code": "the key"}) as answer:
        assert answer.status == 401
    async with api.http.get(url, headers={"Authorization": "Basic d29ya2VyOndyb25n"}) as answer:
        assert answer.status == 401
    async with api.http.get(url, headers={"Authorization": api.links.rpc_authorization}) as answer:
        assert answer.status == 404


async def test_the_binding_names_the_rpc_url(api):
    binding = json.loads(client_binding(api.links))
    assert binding["rpcBaseUrl"] == api.origin.replace("://", "://worker:the%20key@") + "/durabletask/"
    assert "the key" not in repr(api.links)
