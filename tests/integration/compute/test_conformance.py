"""What the application relies on; the local scale set and Azure's pass the same tests."""

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(params=["local", "vmss"])
def scale_sets(request: pytest.FixtureRequest):
    return request.getfixturevalue(request.param)


@pytest.fixture
def compute(request: pytest.FixtureRequest, scale_sets, unique_name):
    name = unique_name("cpu")
    if "vmss" in request.node.name:
        request.getfixturevalue("compute_api").add(f"vmss-{name}")
    yield name
    scale_sets.delete(name)


def ids(state) -> set[str]:
    return {instance.id for instance in state.instances}


def test_a_compute_that_was_never_scaled_out_is_empty(scale_sets, compute):
    state = scale_sets.state(compute)
    assert (state.capacity, state.instances) == (0, ())


def test_scaling_out_gives_that_many_instances(scale_sets, compute, eventually):
    scale_sets.scale_out(compute, 2)
    assert scale_sets.state(compute).capacity == 2
    eventually(lambda: [one.state for one in scale_sets.state(compute).instances] == ["running"] * 2)


def test_scaling_out_again_keeps_what_is_there(scale_sets, compute):
    scale_sets.scale_out(compute, 1)
    before = ids(scale_sets.state(compute))
    scale_sets.scale_out(compute, 3)
    after = scale_sets.state(compute)
    assert after.capacity == 3
    assert before < ids(after)


def test_a_lower_capacity_removes_nothing(scale_sets, compute):
    scale_sets.scale_out(compute, 2)
    before = ids(scale_sets.state(compute))
    scale_sets.scale_out(compute, 1)
    after = scale_sets.state(compute)
    assert (after.capacity, ids(after)) == (2, before)


def test_deleting_an_instance_removes_that_one_and_lowers_the_capacity(scale_sets, compute, eventually):
    scale_sets.scale_out(compute, 3)
    first, *kept = ids(scale_sets.state(compute))
    scale_sets.delete_instance(compute, first)
    assert scale_sets.state(compute).capacity == 2
    eventually(lambda: ids(scale_sets.state(compute)) == set(kept))


def test_deleting_an_instance_that_is_gone_changes_nothing(scale_sets, compute):
    scale_sets.scale_out(compute, 1)
    scale_sets.delete_instance(compute, "no-such-instance")
    assert scale_sets.state(compute).capacity == 1


def test_deleting_a_compute_removes_all_its_instances_and_no_others(
    scale_sets, compute, eventually, request, unique_name
):
    other = unique_name("gpu")
    if "vmss" in request.node.name:
        request.getfixturevalue("compute_api").add(f"vmss-{other}")
    scale_sets.scale_out(compute, 2)
    scale_sets.scale_out(other, 1)
    scale_sets.delete(compute)
    eventually(lambda: scale_sets.state(compute).instances == ())
    assert scale_sets.state(compute).capacity == 0
    assert scale_sets.state(other).capacity == 1
    scale_sets.delete(other)


def test_deleting_a_compute_twice_is_no_error(scale_sets, compute):
    scale_sets.delete(compute)
    scale_sets.delete(compute)
