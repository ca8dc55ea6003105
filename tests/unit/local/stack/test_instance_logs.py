import os

import pytest

from local.scale_set.instance import remove_old_logs

pytestmark = pytest.mark.unit


def test_the_logs_of_the_instances_that_wrote_last_are_kept(tmp_path):
    for number in range(5):
        log = tmp_path / f"cpu-{number}.log"
        log.touch()
        os.utime(log, (number, number))
    remove_old_logs(tmp_path, keep=2)
    assert sorted(log.name for log in tmp_path.iterdir()) == ["cpu-3.log", "cpu-4.log"]


def test_fewer_logs_than_the_limit_all_stay(tmp_path):
    (tmp_path / "cpu-0.log").touch()
    remove_old_logs(tmp_path, keep=2)
    assert (tmp_path / "cpu-0.log").exists()
