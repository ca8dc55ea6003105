from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import pytest

from cli.invocation.data import InputOptions, place_input, place_output
from cli.invocation.overrides import override_options, put_webhook, set_override
from cli.output.errors import UsageError
from shared.contracts.bodies import parse_model
from shared.contracts.invoke import InvokeProperties, asks_for_a_file

if TYPE_CHECKING:
    from cli.deploy.assets import Assets

pytestmark = pytest.mark.unit


def body_of(*assignments: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for assignment in assignments:
        set_override(body, assignment)
    return body


def test_overrides_are_what_the_service_reads() -> None:
    body = body_of(
        "retry_settings.max_retries=1",
        "retry_settings.timeout=60",
        "error_threshold=5",
        "output_file_name=mypredictions.csv",
        "output_action=summary_only",
        "logging_level=debug",
        "tags.team.name=blue",
        "environment_variables.FAST=true",
        "settings.mini_batch_size=3",
        "instance_count=2",
    )
    read = InvokeProperties.model_validate(body)
    assert (read.retry_settings.max_retries, read.retry_settings.timeout) == (1, "PT60S")
    assert (read.error_threshold, read.output_file_name, read.output_action) == (5, "mypredictions.csv", "SummaryOnly")
    assert (read.logging_level, read.tags, read.environment_variables) == (
        "Debug",
        {"team.name": "blue"},
        {"FAST": "true"},
    )
    assert (read.mini_batch_size, read.compute.instance_count) == (3, 2)


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("retry_settings.tries=1", "Known are mini_batch_size"),
        ("retry_settings.maxRetries=1", "Did you mean 'retry_settings.max_retries'"),
        ("errorTreshold=1", "Did you mean 'error_threshold'?"),
        ("mini_batch_size=many", "not a whole number"),
        ("mini_batch_size=12:30", "not a whole number"),
        ("mini_batch_size=", "not a whole number"),
        ("error_threshold=true", "not a whole number"),
        ("output_action=keep", "append_row or summary_only"),
        ("mini_batch_size", "not key=value"),
        ("name=", "has an empty value"),
        (f"mini_batch_size={'1' * 5000}", "not a whole number"),
    ],
)
def test_a_wrong_override_is_a_usage_error(assignment: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        body_of(assignment)
    assert said in caught.value.as_line()


@pytest.mark.parametrize(
    "text", ["12:30", "1.10", "010", "NO", "True", "1_000", "1e3", "~", "2026-01-01", "[a]", "a: b"]
)
def test_a_text_reaches_the_service_with_the_characters_of_the_command_line(text: str) -> None:
    body = body_of(f"tags.a={text}", f"environment_variables.A={text}", f"description={text}", f"display_name={text}")
    assert body == {
        "tags": {"a": text},
        "environmentVariables": {"A": text},
        "description": text,
        "displayName": text,
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "no input is given"),
        ({"data": "azureml:a:1", "path": "https://x/y"}, "exclude each other"),
        ({"datastore": "azureml:store"}, "--input-datastore needs --input-path"),
        ({"path": "some/folder"}, "is not a URL"),
    ],
)
def test_exactly_one_input_is_taken(options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        InputOptions(**options)  # type: ignore[arg-type]  # the values are all text


def test_a_datastore_may_receive_a_local_path() -> None:
    assert InputOptions(datastore="azureml:store", local_path=Path("x")).local_path


@pytest.mark.parametrize(
    ("place", "kind", "dataset", "name"),
    [
        ("azureml://datastores/store/paths/a/b/", None, {"datastoreId": "store", "path": "a/b"}, None),
        ("azureml://datastores/store/paths/a/x.csv", "uri_file", {"datastoreId": "store", "path": "a"}, "x.csv"),
        ("folder:azureml://datastores/store/paths/v1.2", None, {"datastoreId": "store", "path": "v1.2"}, None),
        ("file:azureml://datastores/store/paths/a/x.csv", None, {"datastoreId": "store", "path": "a"}, "x.csv"),
        ("tests/output", None, {"path": "tests/output"}, None),
        ("azureml://datastores/store/paths/x.csv", "uri_file", {"datastoreId": "store", "path": "/"}, "x.csv"),
    ],
)
def test_an_output_is_a_folder_or_a_file_in_a_datastore(
    place: str, kind: str | None, dataset: dict[str, str], name: str | None
) -> None:
    read = InvokeProperties.model_validate(place_output(place, kind))
    assert read.output_dataset
    assert read.output_dataset.to_arm() == dataset
    assert read.output_file_name == name
    assert asks_for_a_file(read) is (name is not None)


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("https://x.example/y", "UriFolder"),
        ("folder:https://x.example/y", "UriFolder"),
        ("file:https://x.example/y", "UriFile"),
    ],
)
def test_an_input_may_begin_with_its_type(place: str, kind: str) -> None:
    body = place_input(cast("Assets", None), place, None, Path())  # a URI is no asset
    assert body == {"inputData": {"data": {"jobInputType": kind, "uri": "https://x.example/y"}}}


def test_an_output_elsewhere_is_refused() -> None:
    with pytest.raises(UsageError, match="not in a datastore"):
        place_output("https://x.example/y", None)


def test_webhooks_are_named_as_the_service_reads_them() -> None:
    body: dict[str, Any] = {}
    put_webhook(body, "ops=https://ops.example/jobs?a=b")
    (webhook,) = parse_model(InvokeProperties, body).notification_setting.webhooks.items()
    assert (webhook[0], webhook[1].url) == ("ops", "https://ops.example/jobs?a=b")
    with pytest.raises(UsageError, match="NAME=URL"):
        put_webhook(body, "https://ops.example")


def test_every_option_for_an_override_is_what_the_service_reads() -> None:
    given: dict[str, Any] = {}

    @click.command()
    @override_options
    def command(body: dict[str, Any]) -> None:
        given.update(body)

    words = (
        "-m 3 -c 2 --max-concurrency-per-instance 4 --max-retries 1 --timeout 60 --init-timeout 900 "
        "--error-threshold 5 --logging-level DEBUG --output-action summary_only --output-file-name out.csv "
        "--job-name j --display-name d --description 5 --experiment-name e --tags a=1 --environment-variables B=2"
    )
    command.main(words.split(), standalone_mode=False)
    assert given == body_of(
        *("mini_batch_size=3", "instance_count=2", "max_concurrency_per_instance=4", "retry_settings.max_retries=1"),
        *(
            "retry_settings.timeout=60",
            "init_timeout=900",
            "error_threshold=5",
            "logging_level=debug",
            "output_action=summary_only",
        ),
        *("output_file_name=out.csv", "name=j", "display_name=d", "description=5", "experiment_name=e"),
        *("tags.a=1", "environment_variables.B=2"),
    )
