import pytest

from scorer_container.node.settings import NodeSettings
from shared.settings import SettingsError

pytestmark = pytest.mark.unit

GIVEN = {"BATCH_COMPUTE": "cpu", "BATCH_NODE_ID": "n0", "BATCH_NODE_DIR": "work", "BATCH_NODE_CACHE": "cache"}


def test_a_node_shows_itself_several_times_within_a_lease():
    settings = NodeSettings.from_environment(GIVEN)
    assert (settings.lease_seconds, settings.heartbeat_seconds) == (30, 5)
    assert settings.folder.is_absolute()


def test_every_missing_setting_is_named():
    with pytest.raises(SettingsError, match="BATCH_NODE_ID, BATCH_NODE_CACHE"):
        NodeSettings.from_environment({"BATCH_COMPUTE": "cpu", "BATCH_NODE_DIR": "work"})


def test_the_size_of_the_cache_is_given_in_megabytes():
    assert NodeSettings.from_environment(GIVEN).cache_bytes is None
    assert NodeSettings.from_environment({**GIVEN, "BATCH_NODE_CACHE_MB": "2"}).cache_bytes == 2 << 20
    with pytest.raises(
        SettingsError, match="BATCH_NODE_CACHE_MB '2GB' is not valid: use a whole number of megabytes, at least"
    ):
        NodeSettings.from_environment({**GIVEN, "BATCH_NODE_CACHE_MB": "2GB"})


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "soon"])
def test_a_length_that_is_no_whole_number_of_seconds_is_refused(text):
    with pytest.raises(
        SettingsError, match=f"BATCH_NODE_LEASE_SECONDS '{text}' is not valid: use a whole number of seconds"
    ):
        NodeSettings.from_environment({**GIVEN, "BATCH_NODE_LEASE_SECONDS": text})
