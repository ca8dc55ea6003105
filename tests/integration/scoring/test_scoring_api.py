import json

import pytest

from shared.contracts.bodies import ResourceBody
from shared.contracts.messages import JOB_REQUESTS
from shared.control_plane.endpoints.endpoints import put_endpoint
from shared.control_plane.resource_table import Change
from shared.storage.queues import queue_client

pytestmark = pytest.mark.integration


@pytest.fixture
def invoke(client, endpoint):
    def post(properties, **headers):
        return client.post(f"/endpoints/{endpoint}/jobs", json={"properties": properties}, headers=headers)

    return post


@pytest.fixture
def today(folder):
    uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"
    return {"inputData": {"data": {"jobInputType": "UriFolder", "uri": uri}}}


def requested(application):
    queue = queue_client(application.account.queues, JOB_REQUESTS)
    return {json.loads(message.content)["job"] for message in queue.receive_messages(messages_per_page=32)}


def test_an_invocation_makes_a_job_and_asks_for_its_start(application, invoke, today):
    answer = invoke(today)
    assert answer.status_code == 201
    job = answer.json()
    assert job["properties"]["status"] == "NotStarted"
    assert f"/studio/jobs/{job['name']}?ticket=" in job["interactionEndpoints"]["Studio"]["endpoint"]
    assert job["name"] in requested(application)


@pytest.mark.parametrize(
    "dataset",
    [
        {"dataInputType": "DataUrl", "Path": "{store}/data"},
        {"dataInputType": "DatasetVersion", "datasetName": "d", "datasetVersion": "1"},
        {
            "dataInputType": "DatasetId",
            "datasetId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
            "/data/d/versions/1",
        },
    ],
    ids=lambda dataset: dataset["dataInputType"],
)
def test_the_body_of_2021_names_its_input_in_three_ways(application, invoke, folder, dataset):
    store = f"{application.account.blob_url}/azureml-blobstore/{folder}"
    job = invoke({"dataset": {key: value.format(store=store) for key, value in dataset.items()}}).json()
    stored = application.jobs.get(job["name"])
    assert (stored.input.kind, stored.input.path) == ("blob_folder", f"{folder}/data")


def test_a_file_is_known_as_a_file_though_the_body_says_folder(application, invoke, today, folder):
    today["inputData"]["data"]["uri"] += "/b.csv"
    stored = application.jobs.get(invoke(today).json()["name"])
    assert (stored.input.kind, stored.input.path) == ("blob", f"{folder}/data/b.csv")


def test_the_default_deployment_runs_unless_the_header_names_another(invoke, today):
    assert invoke(today).json()["properties"]["deployment"] == "active"
    other = invoke(today, **{"azureml-model-deployment": "other"}).json()
    assert (other["properties"]["deployment"], other["properties"]["miniBatchSize"]) == ("other", 10)


def test_overrides_are_merged_over_the_deployments_settings(invoke, today):
    job = invoke({**today, "errorThreshold": 3, "retrySettings": {"timeout": "PT5M"}}).json()["properties"]
    assert (job["errorThreshold"], job["miniBatchSize"], job["retrySettings"]["timeout"]) == (3, 5, "PT300S")


def test_the_default_output_folder_is_named_after_the_child_run(application, invoke, today):
    job = application.jobs.get(invoke(today).json()["name"])
    assert job.output.file_path == f"azureml/{job.job_id}/score/predictions.csv"


@pytest.mark.parametrize(
    "place",
    [
        {"outputDataset": {"datastoreId": "azureml:workspaceblobstore", "path": "{f}/out"}, "outputFileName": "o.csv"},
        {"outputData": {"score": {"uri": "azureml://datastores/workspaceblobstore/paths/{f}/out/o.csv"}}},
        {
            "outputData": {"o": {"uri": "azureml://datastores/workspaceblobstore/paths/{f}/out"}},
            "outputFileName": "o.csv",
        },
        {
            "outputData": {
                "o": {"uri": "azureml://datastores/workspaceblobstore/paths/{f}/out", "jobOutputType": "UriFolder"}
            },
            "outputFileName": "o.csv",
        },
    ],
)
def test_the_output_may_be_placed_in_a_datastore(application, invoke, today, folder, place):
    placed = json.loads(json.dumps(place).replace("{f}", folder))
    stored = application.jobs.get(invoke({**today, **placed}).json()["name"])
    assert stored.output.file_path == f"{folder}/out/o.csv"


def test_the_same_request_id_gives_the_same_job(application, invoke, today):
    first, again = (invoke(today, **{"repeatability_request-id": "r-1"}).json()["name"] for _ in range(2))
    assert first == again


def test_the_same_job_name_gives_the_same_job(invoke, today, unique_name):
    named = {**today, "name": unique_name("nightly")}
    assert invoke(named).json()["name"] == invoke(named).json()["name"] == named["name"]


@pytest.mark.parametrize(
    ("changes", "headers", "what"),
    [
        ({"miniBatchSize": 7}, {}, "miniBatchSize"),
        ({"tags": {"a": "c"}}, {}, "tags.a"),
        ({"outputFileName": "o.csv"}, {}, "outputFileName"),
        ({}, {"azureml-model-deployment": "active"}, "deployment"),
    ],
)
def test_another_request_under_a_used_name_or_request_id_is_refused_with_what_differs(
    invoke, today, unique_name, changes, headers, what
):
    first, ids = {**today, "tags": {"a": "b"}}, {"repeatability_request-id": unique_name("r")}
    named = {"name": unique_name("nightly")}
    assert invoke(first, **ids).status_code == invoke({**first, **named}).status_code == 201
    for answer in (invoke({**first, **changes}, **ids, **headers), invoke({**first, **named, **changes}, **headers)):
        assert (answer.status_code, f"(different: {what})" in answer.text) == (409, True), answer.text
    assert invoke({**first, **named}).status_code == 201


def test_a_name_that_another_endpoint_has_used_is_refused(client, application, endpoint, invoke, today, unique_name):
    named, other = {**today, "name": unique_name("nightly")}, unique_name("other")
    put_endpoint(application.workspace, other, ResourceBody(properties={}), Change())
    assert invoke(named).status_code == 201
    answer = client.post(f"/endpoints/{other}/jobs", json={"properties": named})
    assert (answer.status_code, "(different: endpoint)" in answer.text) == (409, True)


def test_two_jobs_cannot_write_the_same_file(invoke, today, folder):
    place = {"outputDataset": {"path": f"{folder}/same"}}
    assert invoke({**today, **place}).status_code == 201
    second = invoke({**today, **place})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "OutputPathAlreadyExists")
    assert "reserved by job" in second.json()["error"]["message"]


def test_of_two_invocations_of_one_name_at_once_the_later_keeps_no_output(
    application, invoke, today, folder, unique_name, monkeypatch
):
    name = unique_name("race")
    first = {**today, "name": name, "outputDataset": {"path": f"{folder}/first"}}
    later = {**today, "outputDataset": {"path": f"{folder}/later"}}
    assert invoke(first).json()["name"] == name
    with monkeypatch.context() as at_once:
        at_once.setattr(application.jobs, "find", lambda _: None)  # the first is written after the later has looked
        refused = invoke({**later, "name": name})
        assert (refused.status_code, "outputDataset.path" in refused.text) == (409, True)
        assert invoke(first).json()["name"] == name
    assert invoke(later).status_code == 201
    assert invoke({**first, "name": unique_name("race")}).status_code == 409


def test_an_output_that_exists_is_refused(application, invoke, today, folder):
    place = {"outputDataset": {"path": f"{folder}/data"}, "outputFileName": "a.csv"}
    answer = invoke({**today, **place})
    assert (answer.status_code, "exists already" in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("properties", "status", "message"),
    [
        ({}, 400, "names no input"),
        ({"dataset": {"dataInputType": "DataUrl", "path": "ftp://x/y"}}, 400, "dataset.path"),
        ({"dataset": {"dataInputType": "DataUrl", "path": "https://[x/y"}}, 400, "dataset.path"),
        ({"dataset": {"dataInputType": "DataUrl"}}, 400, "dataset.path is required"),
        ({"dataset": {"dataInputType": "DatasetVersion", "datasetName": "nope"}}, 404, "nope"),
        ({"inputData": {"a": {"jobInputType": "MLTable", "uri": "azureml:d:1"}}}, 400, "MLTable"),
        (
            {"inputData": {"a": {"jobInputType": "UriFolder", "uri": "azureml:d:1"}}, "miniBatchSize": 0},
            400,
            "miniBatch",
        ),
        (
            {"inputData": {"a": {"jobInputType": "UriFolder", "uri": "azureml:d:1"}}, "name": "a b"},
            400,
            "job name 'a b'",
        ),
        ({"inputData": {k: {"jobInputType": "UriFile", "uri": "azureml:d:1"} for k in "ab"}}, 400, "2 entries"),
    ],
)
def test_a_wrong_body_gets_one_clear_message_and_leaves_no_job(
    application, client, endpoint, invoke, properties, status, message
):
    answer = invoke(properties)
    assert (answer.status_code, message in answer.json()["error"]["message"]) == (status, True), answer.text
    assert client.get(f"/endpoints/{endpoint}/jobs").json()["value"] == []


def test_an_input_without_files_is_refused(invoke, today):
    today["inputData"]["data"]["uri"] += "/nothing"
    answer = invoke(today)
    assert (answer.status_code, "does not exist or is an empty folder" in answer.text) == (400, True)


def test_an_unknown_endpoint_is_named(client, today):
    answer = client.post("/endpoints/nobody/jobs", json={"properties": today})
    assert (answer.status_code, "nobody" in answer.json()["error"]["message"]) == (404, True)


def test_jobs_are_listed_page_by_page_and_by_deployment(client, endpoint, invoke, today):
    names = [invoke(today).json()["name"] for _ in range(3)]
    names.append(invoke(today, **{"azureml-model-deployment": "other"}).json()["name"])
    page = client.get(f"/endpoints/{endpoint}/jobs", params={"$top": 3}).json()
    rest = client.get(page["nextLink"].removeprefix("http://127.0.0.1:1")).json()
    assert [job["name"] for job in page["value"] + rest["value"]] == names[::-1]
    of_other = client.get(f"/endpoints/{endpoint}/jobs", params={"deployment": "Other"}).json()
    assert [job["name"] for job in of_other["value"]] == names[-1:]


def test_a_job_is_found_on_its_own_endpoint_only(client, endpoint, invoke, today):
    name = invoke(today).json()["name"]
    assert client.get(f"/endpoints/{endpoint}/jobs/{name}").json()["name"] == name
    assert client.get(f"/endpoints/elsewhere/jobs/{name}").status_code == 404
