"""Which types the expressions of a Bicep file have, as far as they can be told without Azure."""

import re
from typing import Any

from tests.unit.infra.bicep_files import BicepFile, file_named

RETURNS = {
    "base64": "string",
    "contains": "bool",
    "empty": "bool",
    "filter": "array",
    "guid": "string",
    "int": "int",
    "join": "string",
    "map": "array",
    "load_file_as_base64": "string",
    "load_text_content": "string",
    "replace": "string",
    "split": "array",
    "starts_with": "bool",
    "string": "string",
    "subscription_resource_id": "string",
    "to_lower": "string",
    "unique_string": "string",
}
"""What functions give whose result does not depend on their arguments; `union` and `concat` give what they get."""

TRUTHS = {"and", "or", "not", "equals", "not_equals", "greater_than", "greater_than_or_equals", "less_than"}


KINDS = {"string", "int", "bool", "object", "array"}


def kind_of(declared: Any, file: BicepFile) -> str:
    """The kind of value of a declared type, which may be one of the project's own."""
    if isinstance(declared, dict):
        return "array" if "item_type" in declared else "object"
    if declared in KINDS:
        return str(declared)
    own = file.types[declared]["value"]
    return "string" if isinstance(own, str) and " | " in own else kind_of(own, file)


def types_of(value: Any, file: BicepFile) -> set[str]:
    """The types that an expression may have; empty when only Azure knows."""
    if isinstance(value, bool):
        return {"bool"}
    if isinstance(value, int):
        return {"int"}
    if isinstance(value, list):
        return {"array"}
    if isinstance(value, str):
        return _types_of_text(value, file)
    if isinstance(value, dict):
        return _types_of_tree(value, file)
    return set()


def _types_of_text(text: str, file: BicepFile) -> set[str]:
    """A parser's text is a name or a literal: it is the name of what is declared under it."""
    if text in file.parameters:
        return {kind_of(file.parameters[text]["type"], file)}
    if text in file.variables:
        return types_of(file.variables[text], file)
    return set() if text in file.local_names else {"string"}


def _types_of_tree(tree: dict[str, Any], file: BicepFile) -> set[str]:
    if isinstance(function := tree.get("function"), dict):
        arguments = list(function.get("parameters", {}).values())
        if function["type"] in {"union", "concat"}:
            return types_of(arguments[0], file)
        return {RETURNS[function["type"]]} if function["type"] in RETURNS else set()
    if isinstance(operator := tree.get("operator"), dict):
        return _types_of_operator(operator, file)
    return {"array"} if "loop_type" in tree else {"object"}


def _types_of_operator(operator: dict[str, Any], file: BicepFile) -> set[str]:
    operands = operator["operands"]
    if operator["type"] in TRUTHS:
        return {"bool"}
    if operator["type"] == "conditional":
        return types_of(operands["true_value"], file) | types_of(operands["false_value"], file)
    module = file.modules.get(operands.get("operand_1")) if isinstance(operands.get("operand_1"), str) else None
    if operator["type"] == "property_accessor" and module:
        outputs = file_named(module["detail"]["path"]).outputs
        output = operands["operand_2"]["operator"]["operands"]["operand_2"]
        return {str(outputs[output]["type"])} if isinstance(output, str) else set()
    return set()


def limits(declaration: dict[str, Any], file: BicepFile | None = None) -> dict[str, Any]:
    """The decorators of a parameter that limit its values, those of its type included when `file` is given."""
    own = file.types.get(declaration["type"]) if file and isinstance(declaration["type"], str) else None
    if own:
        return limits({"type": "", "decorators": [*own["decorators"], *declaration["decorators"]]})
    found = {one["type"]: one.get("argument") for one in declaration["decorators"]}
    return {name: found[name] for name in found if re.fullmatch("allowed|(min|max)_(length|value)", name)}
