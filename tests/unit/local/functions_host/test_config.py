from datetime import timedelta

import pytest

from local.functions_host.app.config import parse_host_config
from local.functions_host.app.errors import HostConfigError
from local.functions_host.app.settings import AppSettings

pytestmark = pytest.mark.unit

SETTINGS = AppSettings({"HUB": "jobs"})


def parse(**content):
    return parse_host_config({"version": "2.0", **content}, SETTINGS)


def test_defaults_are_those_of_azure():
    config = parse()
    assert config.route_prefix == "api"
    assert config.function_timeout == timedelta(minutes=30)
    assert (config.queues.batch_size, config.queues.max_dequeue_count) == (16, 5)
    assert config.ignored == ()


def test_values_are_read():
    queues = {"batchSize": 8, "visibilityTimeout": "00:00:05", "messageEncoding": "Base64"}
    config = parse(
        functionTimeout="00:01:00",
        extensions={"http": {"routePrefix": "/v1/"}, "queues": queues, "durableTask": {"hubName": "%HUB%"}},
        logging={"logLevel": {"default": "Warning"}},
    )
    assert config.route_prefix == "v1"
    assert config.function_timeout == timedelta(minutes=1)
    assert config.queues.visibility_timeout == timedelta(seconds=5)
    assert config.durable.hub_name == "jobs"
    assert config.log_level == "WARNING"


def test_timeout_of_minus_one_is_unlimited():
    assert parse(functionTimeout="-1").function_timeout is None


def test_new_batch_threshold_follows_the_batch_size():
    wide, narrow = (parse(extensions={"queues": {"batchSize": size}}).queues for size in (32, 16))
    assert wide.new_batch_threshold == 2 * narrow.new_batch_threshold


def test_keys_without_effect_are_reported_by_their_path():
    config = parse(colour="red", extensions={"serviceBus": {}, "queues": {"size": 1}})
    assert [entry.split("`")[1] for entry in config.ignored] == [
        "extensions.queues.size",
        "extensions.serviceBus",
        "colour",
    ]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"extensions": {"queues": {"batchSize": "8"}}}, "extensions.queues.batchSize"),
        ({"extensions": {"queues": {"maxPollingInterval": "2 s"}}}, "extensions.queues.maxPollingInterval"),
        ({"extensions": {"queues": {"messageEncoding": "none"}}}, "extensions.queues.messageEncoding"),
        ({"extensions": []}, "extensions"),
        ({"functionTimeout": "00:00:00"}, "functionTimeout"),
        ({"logging": {"logLevel": {"default": "Loud"}}}, "logging.logLevel.default"),
        ({"customHandler": {}}, "customHandler"),
        ({"retry": {}}, "retry"),
    ],
)
def test_wrong_value_is_refused_by_its_path(content, path):
    with pytest.raises(HostConfigError) as refused:
        parse(**content)
    assert refused.value.key == path
