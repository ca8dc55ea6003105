"""Values have the types and keep the limits of the parameters and outputs that they are given to."""

from typing import Any

import pytest

from tests.unit.infra.bicep_files import BicepFile, bicep_files, file_named, is_expression, unwrapped
from tests.unit.infra.bicep_types import limits, types_of

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
            expected = {str(target.parameters[name]["type"])}
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
            assert types_of(one["default"], file) <= {str(one["type"])}, f"{file}: default of {name}"
            assert is_expression(one["default"]) or not _breaks(one["default"], limits(one)), f"{file}: {name}"
    for name, one in file.outputs.items():
        assert types_of(one["value"], file) <= {str(one["type"])}, f"{file}: output {name}"


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
