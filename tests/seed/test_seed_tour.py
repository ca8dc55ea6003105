"""Everything that the page of 2021 tells to do works, and gives what it says."""

import csv
import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.seed.conftest import ROOT, Tour, blocks_of_the_tour, has_python_37
from tests.seed.seed_commands import commands_here

pytestmark = pytest.mark.e2e

INVOKE = "bml endpoint invoke"
SHOW = "bml endpoint show --name mybatchedp --type batch"


def printed(tour: Tour, command: str, number: int = 0) -> dict:
    """The JSON that a command printed."""
    return json.loads(tour.output(command, number))


def rows_of(tour: Tour, job: str, file: str = "predictions.csv") -> list[list[str]]:
    with (tour.folder / "results" / "all" / job / file).open(newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture(scope="module")
def taxi_rows(tour: Tour) -> list[list[str]]:
    """The output of the job that the tour follows."""
    with (tour.folder / "results" / "taxi" / "predictions.csv").open(newline="") as stream:
        return list(csv.reader(stream))


def test_the_tour_has_every_command_of_the_page_in_its_order() -> None:
    blocks = blocks_of_the_tour()
    at = 0
    for command in commands_here():
        here = [number for number, block in enumerate(blocks) if command in block.split("\n") or command == block]
        following = [number for number in here if number >= at]
        assert following, f"not in the tour, or not in the page's order: {command}"
        at = following[0]


def test_the_compute_scales_from_zero_to_five(tour: Tour) -> None:
    compute = printed(tour, "bml compute create")
    assert (compute["min_instances"], compute["max_instances"], compute["current_node_count"]) == (0, 5, 0)


def test_the_endpoint_has_what_the_file_says(tour: Tour) -> None:
    made = printed(tour, "bml endpoint create")
    assert made == printed(tour, SHOW)
    assert (made["auth_mode"], made["traffic"]) == ("aad_token", {"autolog-deployment": 100})
    assert made["scoring_uri"].endswith("/endpoints/mybatchedp/jobs")
    (deployment,) = made["deployments"]
    assert (deployment["compute"], deployment["instance_count"]) == ("azureml:cpu-cluster", 1)
    assert deployment["retry_settings"] == {"max_retries": 3, "timeout": 30}
    assert (deployment["error_threshold"], deployment["logging_level"]) == (-1, "info")


def test_the_first_model_scores_every_trip_in_order(tour: Tour, taxi_rows: list[list[str]]) -> None:
    header, *rows = taxi_rows
    assert header == ["row", "prediction", "file"]
    assert [row[0] for row in rows] == [str(number) for number in range(500)]
    assert {row[2] for row in rows} == {"taxi-tip-data.csv"}
    if has_python_37():
        with (ROOT / "examples" / "nyc-taxi" / "data" / "taxi-tip-data.csv").open(newline="") as stream:
            paid_by_card = ["1" if trip["paymentType"] == "1" else "0" for trip in csv.DictReader(stream)]
        assert [row[1] for row in rows] == paid_by_card, "the model says that who pays by card tips"
    else:
        assert all(0 < float(row[1]) < 500 for row in rows)


@pytest.mark.parametrize(
    "option", ["--input-data ", "--input-datastore", "--input-path $sampledata/nytaxi", "--input-local-path"]
)
def test_every_kind_of_input_gives_the_same_rows(tour: Tour, taxi_rows: list[list[str]], option: str) -> None:
    assert rows_of(tour, printed(tour, option)["name"]) == taxi_rows


def test_the_output_goes_where_it_is_told_to(tour: Tour, taxi_rows: list[list[str]]) -> None:
    job = printed(tour, "--output-path mypath")
    assert job["output"]["path"] == "mypath/mypredictions.csv"
    assert rows_of(tour, job["name"], "mypredictions.csv") == taxi_rows


def test_an_output_that_is_taken_is_refused_and_starts_no_job(tour: Tour) -> None:
    assert tour.output("--output-path mypath", 1) == "exit code 4\n"
    said = (tour.folder / "errors.txt").read_text()
    assert said.count("mypath/mypredictions.csv") == 1


def test_a_setting_is_overridden_for_one_job_alone(tour: Tour) -> None:
    job = printed(tour, "--set retry_settings.max_retries=1")
    assert job["retrySettings"] == {"maxRetries": 1, "timeout": "PT30S"}
    assert printed(tour, "bml job show")["settings"]["retry_settings"]["max_retries"] == 3


def test_a_job_is_shown_and_streamed(tour: Tour) -> None:
    shown = printed(tour, "bml job show --name $job_name")
    stream = tour.output("bml job stream --name $job_name")
    assert stream.startswith(f"RunId: {shown['name']}\nWeb View: {shown['services']['Studio']['endpoint'][:20]}")
    assert "Streaming logs/" in stream
    assert "Status: Completed\nFiles: 1 (1 succeeded, 0 failed) in 1 mini-batch\nRows: 500\n" in stream


def test_the_studio_link_of_the_answer_opens_a_page_of_the_job(tour: Tour) -> None:
    job = printed(tour, "--set retry_settings.max_retries=1")
    assert f"/studio/jobs/{job['name']}" in job["interactionEndpoints"]["Studio"]["endpoint"]
    count, *listed = tour.output("curl --silent --fail").splitlines()
    assert int(count) > 0
    assert "results/taxi/predictions.csv" in listed


def test_a_deployment_is_added_and_then_made_the_active_one(tour: Tour) -> None:
    added, activated = printed(tour, SHOW, 1), printed(tour, SHOW, 2)
    assert added["traffic"] == {"autolog-deployment": 100, "mnist-deployment": 0}
    assert activated["traffic"] == {"autolog-deployment": 0, "mnist-deployment": 100}
    mnist = next(deployment for deployment in added["deployments"] if deployment["name"] == "mnist-deployment")
    assert (mnist["mini_batch_size"], mnist["error_threshold"]) == (5, 10)
    assert mnist["code_configuration"]["scoring_script"] == "digit_identification.py"
    assert mnist["environment"] == "azureml:mnist-env:1"


def test_the_second_model_scores_ten_images_at_a_time_on_two_nodes(tour: Tour, expected_digits: list[str]) -> None:
    job = printed(tour, "--mini-batch-size 10 --instance-count 2")
    assert (job["miniBatchSize"], job["compute"]["instanceCount"]) == (10, 2)
    assert lines_of(tour, job["name"]) == expected_digits


def test_rest_starts_the_same_job_with_the_deployments_own_settings(tour: Tour, expected_digits: list[str]) -> None:
    job = printed(tour, "curl --location --request POST")
    properties = job["properties"]
    assert (properties["deployment"], properties["miniBatchSize"]) == ("mnist-deployment", 5)
    assert lines_of(tour, job["name"]) == expected_digits


def test_every_job_of_the_tour_completed(tour: Tour) -> None:
    *listed, first, second, third = tour.output("bml endpoint list-jobs").splitlines()[-12:]
    states = [line.split("\t") for line in listed]
    assert states == [["mnist-deployment", "Completed"]] * 2 + [["autolog-deployment", "Completed"]] * 7
    assert [line.split(",")[0] for line in (first, second, third)] == [
        "0000-is-0.png",
        "0001-is-1.png",
        "0002-is-2.png",
    ]


def lines_of(tour: Tour, job: str) -> list[str]:
    return (tour.folder / "results" / "all" / job / "predictions.csv").read_text().splitlines()


@pytest.fixture(scope="module")
def expected_digits(tour: Tour) -> list[str]:
    """What the scoring script gives in this process."""
    example = tour.folder / "examples" / "mnist-script"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZUREML_MODEL_DIR", str(example))
        script = runpy.run_path(str(example / "code" / "digit_identification.py"))
        script["init"]()
    run: Callable[[list[str]], list[str]] = script["run"]
    return run([str(path) for path in sorted(Path(example / "images").iterdir())])
