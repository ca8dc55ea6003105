import pytest

from shared.contracts.bodies import parse_model
from shared.contracts.invoke import InvokeBody, merged_settings
from shared.contracts.settings import ScoringSettings
from shared.contracts.settings_table import LoggingLevel
from shared.errors import ValidationError

pytestmark = pytest.mark.unit


def body(**properties):
    return parse_model(InvokeBody, {"properties": properties}, prefix="").properties


def test_the_body_of_2021_is_read_whatever_the_case_of_its_members():
    dataset = body(dataset={"dataInputType": "DataUrl", "Path": "https://x/y"}).dataset
    assert (dataset.data_input_type, dataset.path) == ("DataUrl", "https://x/y")


def test_todays_body_is_read_and_the_names_of_inputs_keep_their_case():
    inputs = body(InputData={"MyFolder": {"JobInputType": "UriFolder", "Uri": "azureml:d:1"}}).input_data
    assert inputs["MyFolder"].uri == "azureml:d:1"


def test_unknown_members_do_no_harm():
    assert body(isLocal=True, compute={"instanceCount": 2, "isLocal": True}).compute.instance_count == 2


def test_every_override_of_the_body_wins_over_the_deployment():
    given = body(
        miniBatchSize=3,
        compute={"instanceCount": 2},
        maxConcurrencyPerInstance=4,
        outputAction="SummaryOnly",
        outputFileName="mine.csv",
        retrySettings={"maxRetries": 1, "timeout": "PT2M"},
        initTimeout="PT15M",
        errorThreshold=7,
        loggingLevel="debug",
    )
    assert merged_settings(ScoringSettings(), given, 5) == ScoringSettings(
        mini_batch_size=3,
        instance_count=2,
        max_concurrency_per_instance=4,
        output_action="SummaryOnly",
        output_file_name="mine.csv",
        max_retries=1,
        timeout_seconds=120,
        init_timeout_seconds=900,
        error_threshold=7,
        logging_level=LoggingLevel.DEBUG,
    )


def test_a_partial_override_keeps_the_rest():
    settings = ScoringSettings(max_retries=9, timeout_seconds=99)
    assert merged_settings(settings, body(retrySettings={"maxRetries": 1}), 5).timeout_seconds == 99


PATHS = "azureml://datastores/d/paths"


@pytest.mark.parametrize(
    ("output", "folder", "file_name"),
    [
        ({"uri": f"{PATHS}/p/mine.csv"}, f"{PATHS}/p", "mine.csv"),
        ({"uri": f"{PATHS}/p/mine.csv", "jobOutputType": "uri_file"}, f"{PATHS}/p", "mine.csv"),
        ({"uri": f"{PATHS}/p/2026.11.22", "jobOutputType": "UriFolder"}, f"{PATHS}/p/2026.11.22", "predictions.csv"),
        ({"uri": f"{PATHS}/a.b/c"}, f"{PATHS}/a.b/c", "predictions.csv"),
        ({"uri": f"{PATHS}/a.b/"}, f"{PATHS}/a.b/", "predictions.csv"),
        ({"uri": "/" + "." * 1_000_000 + "/"}, "/" + "." * 1_000_000 + "/", "predictions.csv"),
    ],
)
def test_the_uri_of_an_output_names_a_file_or_a_folder(output, folder, file_name):
    given = body(outputData={"score": output})
    assert given.output_data["score"].folder_uri == folder
    assert merged_settings(ScoringSettings(), given, 1).output_file_name == file_name


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"miniBatchSize": 0}, "properties.miniBatchSize: .*greater than or equal to 1"),
        ({"errorThreshold": -2}, "properties.errorThreshold"),
        ({"dataset": {"dataInputType": "Nope"}}, "properties.dataset.dataInputType: .*DataUrl"),
        ({"loggingLevel": "loud"}, "properties.loggingLevel: .*Warning"),
        ({"outputData": {"o": {"jobOutputType": "Literal"}}}, "properties.outputData.o.jobOutputType: .*UriFolder"),
    ],
)
def test_a_wrong_value_is_named_with_its_field(properties, message):
    with pytest.raises(ValidationError, match=message):
        body(**properties)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"retrySettings": {"timeout": "30"}}, "retrySettings.timeout '30'.*PT30S"),
        ({"initTimeout": "600"}, "initTimeout '600'.*PT30S"),
        ({"compute": {"instanceCount": 6}}, "compute.instanceCount 6.*at most 5"),
        ({"outputFileName": "a/b.csv"}, "output_file_name 'a/b.csv'"),
    ],
)
def test_an_override_that_cannot_be_is_refused(properties, message):
    with pytest.raises(ValidationError, match=message):
        merged_settings(ScoringSettings(), body(**properties), 5)


@pytest.mark.parametrize("name", ["A=B", "", "A\0"])
def test_an_environment_variable_that_no_process_can_have_is_refused(name):
    with pytest.raises(ValidationError, match=r"environmentVariables: .*environment variable"):
        body(environmentVariables={name: "1"})
