import pytest

from scorer_container.node.file_lock import free_file_lock
from scorer_container.node.warm_processes import WarmProcesses
from scorer_container.node.workbench import Workbench, use_file
from shared.storage.hot_path.errors import StoppedError

pytestmark = pytest.mark.unit


def test_a_job_that_was_given_up_takes_nothing_from_the_one_that_came_since(tmp_path):
    warm, given_up, current = WarmProcesses(), Workbench(print), Workbench(print)
    folder = tmp_path / "models" / "m"
    given_up.end()
    current.hold(folder)
    warm.need(current)
    with pytest.raises(StoppedError):
        warm.need(given_up)
    with free_file_lock(use_file(folder)) as is_free:
        assert not is_free


def test_a_job_lets_go_what_the_one_before_has_held(tmp_path):
    warm, before, current = WarmProcesses(), Workbench(print), Workbench(print)
    folder = tmp_path / "models" / "m"
    before.hold(folder)
    warm.need(before)
    warm.need(current)
    with free_file_lock(use_file(folder)) as is_free:
        assert is_free
