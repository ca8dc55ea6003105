"""Bodies are read as clients of all ages write them; errors name the member."""

import pytest

from shared.contracts.bodies import parse_model
from shared.contracts.resources import ComputeProperties, DatastoreProperties, DeploymentProperties, EndpointProperties
from shared.errors import ValidationError

pytestmark = pytest.mark.unit

DEPLOYMENT = {"model": {"assetId": "m"}, "compute": "c"}


def test_members_are_read_in_any_case_and_null_means_absent() -> None:
    body = {"MODEL": {"AssetId": "m"}, "Compute": "c", "MiniBatchSize": 3, "retry_settings": {"MaxRetries": None}}
    read = parse_model(DeploymentProperties, body)
    assert (read.mini_batch_size, read.retry_settings.max_retries) == (3, 3)


def test_unknown_members_are_kept_and_members_of_answers_dropped() -> None:
    body = {"computeType": "AmlCompute", "disableLocalAuth": True, "provisioningState": "Failed", "createdOn": "x"}
    shown = parse_model(ComputeProperties, body).to_arm()
    assert shown["disableLocalAuth"] is True
    assert not {"provisioningState", "createdOn"} & shown.keys()


def test_keys_of_an_endpoint_are_never_kept() -> None:
    assert "keys" not in parse_model(EndpointProperties, {"keys": {"primaryKey": "secret"}}).to_arm()


def test_one_wrong_member_is_named_with_its_value() -> None:
    with pytest.raises(ValidationError, match=r"^properties\.resources\.instanceCount: .*, not 'two'$") as caught:
        parse_model(DeploymentProperties, DEPLOYMENT | {"resources": {"instanceCount": "two"}})
    assert caught.value.target == "properties.resources.instanceCount"


def test_all_wrong_members_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_model(DeploymentProperties, {"model": {"assetId": "m"}, "errorThreshold": -5})
    assert {detail.target for detail in caught.value.details} == {"properties.compute", "properties.errorThreshold"}


def test_a_long_value_is_not_repeated_in_full() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_model(DeploymentProperties, DEPLOYMENT | {"miniBatchSize": "x" * 10_000})
    assert len(caught.value.message) < 300


def test_numbers_in_maps_of_texts_become_texts() -> None:
    body = DEPLOYMENT | {"environmentVariables": {"A": 1, "B": 0.5, "C": True, "D": "d", "E": None}}
    read = parse_model(DeploymentProperties, body).environment_variables
    assert read == {"A": "1", "B": "0.5", "C": "true", "D": "d"}
    with pytest.raises(ValidationError, match=r"environmentVariables\.A"):
        parse_model(DeploymentProperties, DEPLOYMENT | {"environmentVariables": {"A": ["list"]}})


@pytest.mark.parametrize(
    "twice",
    [
        {"miniBatchSize": 1, "MiniBatchSize": 2},
        {"mini_batch_size": 1, "miniBatchSize": 1},
        {"retrySettings": {"timeout": "PT1S", "TIMEOUT": "PT2S"}},
    ],
)
def test_a_member_given_twice_is_refused_by_name(twice: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="' are the same member; give it once"):
        parse_model(DeploymentProperties, DEPLOYMENT | twice)


def test_a_member_given_twice_counts_once_where_one_is_null() -> None:
    assert parse_model(DeploymentProperties, DEPLOYMENT | {"COMPUTE": None}).compute == "c"


@pytest.mark.parametrize("member", ["miniBatchSize", "errorThreshold"])
def test_a_boolean_is_no_number(member: str) -> None:
    with pytest.raises(ValidationError, match=rf"properties\.{member}: a number is needed, not True"):
        parse_model(DeploymentProperties, DEPLOYMENT | {member: True})


def test_a_wrong_credential_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_model(DatastoreProperties, {"accountName": "a", "containerName": "c", "credentials": "a secret"})
    assert "secret" not in caught.value.message


def test_long_names_and_many_errors_are_cut_in_messages() -> None:
    wrong = {f"{number}{'x' * 1000}": [] for number in range(1000)}
    with pytest.raises(ValidationError) as caught:
        parse_model(DeploymentProperties, DEPLOYMENT | {"environmentVariables": wrong})
    assert len(str(caught.value.as_arm_error())) < 20_000
    assert caught.value.message.endswith("; and 980 more")
