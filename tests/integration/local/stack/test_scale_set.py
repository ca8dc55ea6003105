import os
import signal

import pytest

from tests.scale_set_process import POLITE, ScaleSetProcess

pytestmark = pytest.mark.integration

STUBBORN = """
import os, pathlib, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(os.environ["BATCH_NODE_DIR"], "deaf").touch()
while True: signal.pause()
"""


@pytest.fixture
def start(tmp_path, eventually):
    started: list[ScaleSetProcess] = []

    def start_one(program: str = POLITE, **options: float) -> ScaleSetProcess:
        scale_set = ScaleSetProcess(tmp_path / "scale-set", program, **options)
        started.append(scale_set)
        eventually(scale_set.answers, what="the scale set's answer")
        return scale_set

    yield start_one
    for scale_set in started:
        if scale_set.process.poll() is None:
            scale_set.end()


def test_scaling_out_starts_instances_with_their_environment(start, eventually):
    scale_set = start()
    (instance,) = scale_set.scale_out("cpu-cluster", 1)
    eventually(lambda: scale_set.is_up(instance["id"]))
    lines = scale_set.work_file(instance["id"], "environment").read_text().splitlines()
    assert {
        "BATCH_COMPUTE=cpu-cluster",
        f"BATCH_NODE_ID={instance['id']}",
        f"BATCH_NODE_DIR={scale_set.folder / 'nodes' / instance['id']}",
        f"BATCH_NODE_CACHE={scale_set.folder / 'cache'}",
        "AzureWebJobsStorage=passed on",
    } <= set(lines)
    assert not any("BATCH_LOCAL_SCALE_SET_KEY" in line for line in lines)


def test_a_lower_capacity_ends_nothing(start):
    scale_set = start()
    before = {instance["id"] for instance in scale_set.scale_out("cpu", 2)}
    assert {instance["id"] for instance in scale_set.scale_out("cpu", 1)} == before
    assert scale_set.call("GET", "/scale-sets/cpu")[1]["capacity"] == 2


def test_removing_an_instance_ends_that_one_and_lowers_the_capacity(start, eventually, is_alive):
    scale_set = start()
    doomed, kept = (instance["id"] for instance in scale_set.scale_out("cpu", 2))
    eventually(lambda: scale_set.is_up(doomed) and scale_set.is_up(kept))
    pid = next(one["pid"] for one in scale_set.instances("cpu") if one["id"] == doomed)
    child = int(scale_set.work_file(doomed, "child").read_text())
    status, answer = scale_set.call("DELETE", f"/scale-sets/cpu/instances/{doomed}")
    assert (status, answer["capacity"]) == (202, 1)
    eventually(lambda: scale_set.ids("cpu") == {kept})
    assert not is_alive(pid)
    eventually(lambda: not is_alive(child), what="the end of the instance's own child")
    assert not scale_set.work_file(doomed, "").exists()


def test_an_instance_that_ignores_the_signal_is_killed_after_the_grace(start, eventually):
    scale_set = start(STUBBORN, scale_in_grace=0.2, shutdown_grace=0.2)
    (instance,) = scale_set.scale_out("cpu", 1)
    eventually(scale_set.work_file(instance["id"], "deaf").exists)
    scale_set.call("DELETE", f"/scale-sets/cpu/instances/{instance['id']}")
    eventually(lambda: not scale_set.instances("cpu"))


def test_deleting_a_scale_set_ends_all_its_instances_and_no_others(start, eventually):
    scale_set = start()
    scale_set.scale_out("first", 2)
    (other,) = scale_set.scale_out("second", 1)
    scale_set.call("DELETE", "/scale-sets/first")
    eventually(lambda: [one["name"] for one in scale_set.call("GET", "/scale-sets")[1]["value"]] == ["second"])
    assert scale_set.ids("second") == {other["id"]}


def test_a_crashed_instance_is_started_again_under_its_id(start, eventually):
    scale_set = start()
    (instance,) = scale_set.scale_out("cpu", 1)
    eventually(lambda: scale_set.is_up(instance["id"]))
    os.kill(scale_set.running_pids("cpu")[0], signal.SIGKILL)
    eventually(lambda: scale_set.is_up(instance["id"], times=2))
    assert scale_set.ids("cpu") == {instance["id"]}


def test_after_a_kill_the_orphans_end_and_the_same_instances_come_back(start, eventually, is_alive):
    scale_set = start(STUBBORN, shutdown_grace=0.2)
    ids = {instance["id"] for instance in scale_set.scale_out("cpu", 2)}
    eventually(lambda: all(scale_set.work_file(one, "deaf").exists() for one in ids))
    before = scale_set.running_pids("cpu")
    scale_set.kill()
    assert all(is_alive(pid) for pid in before), "these instances outlive their parent: they are the orphans"
    scale_set.start()
    eventually(scale_set.answers)
    eventually(lambda: len(scale_set.running_pids("cpu")) == 2)
    assert scale_set.ids("cpu") == ids
    assert not any(is_alive(pid) for pid in before)


def test_an_ordinary_end_leaves_no_process_and_keeps_the_capacity(start, eventually, is_alive):
    scale_set = start()
    ids = {instance["id"] for instance in scale_set.scale_out("cpu", 2)}
    eventually(lambda: all(map(scale_set.is_up, ids)))
    pids = scale_set.running_pids("cpu")
    scale_set.end()
    assert not any(is_alive(pid) for pid in pids)
    scale_set.start()
    eventually(scale_set.answers)
    assert scale_set.ids("cpu") == ids


def test_it_ends_with_its_parent(start, eventually, is_alive):
    scale_set = start()
    (instance,) = scale_set.scale_out("cpu", 1)
    eventually(lambda: scale_set.is_up(instance["id"]))
    pids = [*scale_set.running_pids("cpu"), int(scale_set.work_file(instance["id"], "child").read_text())]
    scale_set.process.stdin.close()
    scale_set.process.wait(20)
    eventually(lambda: not any(is_alive(pid) for pid in pids), what="the end of the instance and its child")


def test_bad_requests_are_refused_with_what_would_be_accepted(start):
    scale_set = start()
    refusals = [
        scale_set.call("GET", "/scale-sets", key="wrong"),
        scale_set.call("PUT", "/scale-sets/cpu", {"capacity": -1}),
        scale_set.call("PUT", "/scale-sets/cpu", {"capacity": "2"}),
        scale_set.call("PUT", "/scale-sets/cpu", []),
        scale_set.call("PUT", "/scale-sets/cpu", {"capacity": 101}),
        scale_set.call("PUT", "/scale-sets/a%2F..%2Fb", {"capacity": 1}),
        scale_set.call("DELETE", "/scale-sets/cpu/instances/none"),
    ]
    assert [status for status, _ in refusals] == [401, 400, 400, 400, 409, 400, 404]
    assert all(body["error"]["code"] and body["error"]["message"] for _, body in refusals)
    assert scale_set.call("GET", "/scale-sets")[1] == {"value": []}
