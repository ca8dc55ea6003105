"""Values have the types and keep the limits of the parameters and outputs that they are given to."""

import json
import re
from typing import Any

import pytest

from shared.contracts.names import COMPUTE_NAME, ENDPOINT_NAME, NameRule
from shared.security.access import ROLES, role_assignments
from tests.unit.infra.bicep_files import BicepFile, bicep_files, file_named, is_expression, unwrapped
from tests.unit.infra.bicep_types import kind_of, limits, types_of

pytestmark = pytest.mark.unit

FILES = pytest.mark.parametrize("file", bicep_files(), ids=repr)


def _breaks(value: Any, allowed: dict[str, Any]) -> bool:
    if "allowed" in allowed and value not in allowed["allowed"]:
        return True
    size = len(value) if isinstance(value, str | list | dict) else value
    lowest = allowed.get("min_length", allowed.get("min_value", size))
    highest = allowed.get("max_length", allowed.get("max_value", size))
    return not lowest <= size <= highest


@FILES
def test_parameters_of_modules_get_values_of_their_types(file: BicepFile) -> None:
    for symbol, module in file.modules.items():
        target = file_named(module["detail"]["path"])
        for name, value in unwrapped(module["config"])["params"].items():
            expected = {kind_of(target.parameters[name]["type"], target)}
            assert types_of(value, file) <= expected, f"{file}: {name} of module {symbol}"


@FILES
def test_literals_given_to_modules_keep_the_limits(file: BicepFile) -> None:
    for symbol, module in file.modules.items():
        target = file_named(module["detail"]["path"])
        for name, value in unwrapped(module["config"])["params"].items():
            is_name = isinstance(value, str) and value in file.declared | file.local_names
            if not is_expression(value) and not is_name and "${" not in str(value):
                assert not _breaks(value, limits(target.parameters[name])), f"{file}: {name} of module {symbol}"


@FILES
def test_limits_of_a_parameter_are_no_wider_than_those_of_the_module_that_gets_it(file: BicepFile) -> None:
    for symbol, module in file.modules.items():
        target = file_named(module["detail"]["path"])
        for name, value in unwrapped(module["config"])["params"].items():
            given = file.parameters.get(value) if isinstance(value, str) else None
            if given and "allowed" in limits(target.parameters[name]):
                allowed = set(limits(target.parameters[name])["allowed"])
                assert set(limits(given).get("allowed", ())) <= allowed, f"{file}: {name} of module {symbol}"


@FILES
def test_defaults_and_outputs_have_the_declared_types_and_keep_the_limits(file: BicepFile) -> None:
    for name, one in file.parameters.items():
        if one["default"] is not None:
            assert types_of(one["default"], file) <= {kind_of(one["type"], file)}, f"{file}: default of {name}"
            assert is_expression(one["default"]) or not _breaks(one["default"], limits(one)), f"{file}: {name}"
    for name, one in file.outputs.items():
        assert types_of(one["value"], file) <= {kind_of(one["type"], file)}, f"{file}: output {name}"


def test_types_are_told_apart() -> None:
    main = file_named("main.bicep")
    assert types_of("privateNetwork", main) == {"bool"}
    assert types_of("packageContainer", main) == {"string"}
    assert types_of("allTags", main) == {"object"}
    functions = unwrapped(main.modules["functionApp"]["config"])["params"]
    assert types_of(functions["storageName"], main) == {"string"}
    assert types_of(functions["integrationSubnetId"], main) == {"string"}
    assert types_of(functions["roleAssignments"], main) == {"array"}
    assert _breaks("3.9", {"allowed": ["3.11"]})
    assert _breaks(0, {"min_value": 1})
    assert _breaks("x" * 56, {"max_length": 55})


def test_no_parameter_is_any_object_or_array() -> None:
    for file in bicep_files():
        for name, one in file.parameters.items():
            assert one["type"] not in ("object", "array"), f"{file}: {name}"


TYPES = file_named("types.bicep")


def test_a_compute_has_what_the_template_reads_and_nothing_else() -> None:
    compute = TYPES.types["Compute"]
    assert {"type": "sealed"} in compute["decorators"]
    read = set(re.findall(r"[^/]\bcompute\.\??(\w+)", file_named("main.bicep").text))
    assert compute["value"].keys() == read


@pytest.mark.parametrize(("name", "rule"), [("ComputeName", COMPUTE_NAME), ("EndpointName", ENDPOINT_NAME)])
def test_names_have_the_bounds_of_the_application(name: str, rule: NameRule) -> None:
    bounds = limits({"type": name, "decorators": []}, TYPES)
    shortest, longest = bounds["min_length"], bounds["max_length"]
    assert rule.pattern.fullmatch("a" * shortest)
    assert rule.pattern.fullmatch("a" * longest)
    assert not rule.pattern.fullmatch("a" * (shortest - 1))
    assert not rule.pattern.fullmatch("a" * (longest + 1))


def test_roles_are_those_of_the_application() -> None:
    assert TYPES.types["RoleName"]["value"].split(" | ") == [role.name for role in ROLES]


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_an_assignment_that_the_template_takes_is_read_by_the_application(role: str) -> None:
    assert TYPES.types["RoleAssignment"]["value"].keys() == {"principalId", "role", "endpoint"}
    given = {"principalId": "0" * 36, "role": role, "endpoint": "heart"}
    assert len(role_assignments(json.dumps([given]))) == 1
