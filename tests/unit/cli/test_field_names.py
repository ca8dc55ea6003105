import pytest

from cli.output.field_names import in_files_words

pytestmark = pytest.mark.unit

DEFINITION = "properties.action.endpointInvocationDefinition.properties"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("properties.environmentId: environment 'a/9' not found", "environment: environment 'a/9' not found"),
        ("properties.resources.instanceCount 50 is more", "instance_count 50 is more"),
        ("properties.retrySettings.maxRetries: not 'x'", "retry_settings.max_retries: not 'x'"),
        ("properties.trigger.expression '1 3' is not valid", "cron '1 3' is not valid"),
        ("properties.trigger.timeZone 'X'; properties.trigger.path 'y'", "time_zone 'X'; path 'y'"),
        (f"{DEFINITION}.notificationSetting.webhooks.ops.url 'x'", "webhooks.ops.url 'x'"),
        ("properties.properties.scaleSettings.minNodeCount 3 is greater", "min_instances 3 is greater"),
        (f"{DEFINITION}: the outputs", "the outputs"),
        ("compute.instanceCount 9 is not valid", "compute.instance_count 9 is not valid"),
        ("miniBatchSize: not 'x'", "mini_batch_size: not 'x'"),
        ("the compute 'properties' is there", "the compute 'properties' is there"),
    ],
)
def test_a_field_of_the_api_is_called_as_in_the_files(said: str, shown: str) -> None:
    assert in_files_words(said) == shown
