"""The base of all YAML forms. It turns pydantic's errors into the words of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError

from cli.output.errors import InvalidInputError
from cli.output.field_names import name_in_files
from cli.yaml_files.document import KeyPath, YamlDocument
from cli.yaml_files.plain_text import PlainText
from shared.contracts.names import (
    ASSET_NAME,
    ASSET_VERSION,
    COMPUTE_NAME,
    DEPLOYMENT_NAME,
    ENDPOINT_NAME,
    SCHEDULE_NAME,
    TRIGGER_NAME,
    NameRule,
    quoted,
)
from shared.contracts.strict_json import MAX_INTEGER
from shared.errors import ValidationError as RefusedName


def _text(value: Any) -> Any:
    """Return the characters of the file, where YAML 1.1 would see a number or a boolean in `1.10`, `NO` or `12:30`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else value


_WRITTEN_AS = str | int | float | bool
"""The types that the schema accepts for a text."""

Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=_WRITTEN_AS)]
"""Text that may look like a number, a date or a boolean."""

Variables = dict[str, Annotated[str, BeforeValidator(_text, json_schema_input_type=_WRITTEN_AS | None)]]
"""A mapping of names to texts."""


def _number(value: Any) -> Any:
    """Return the number if the text is one. The type refuses other texts."""
    number = value.number if isinstance(value, PlainText) else None
    return value if number is None else number


def _sendable(value: int) -> int:
    if abs(value) > MAX_INTEGER:
        raise PydanticCustomError("int_parsing_size", "the service takes no larger number")
    return value


Whole = Annotated[int, BeforeValidator(_number), AfterValidator(_sendable)]
"""A whole number that a request can hold."""

_KINDS: dict[type, str] = {dict: "a mapping", list: "a list"}
_EXPECTED = {
    "bool_parsing": "should be true or false",
    "dict_type": "should be a mapping",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "should be a whole number with fewer digits",
    "int_type": "should be a whole number",
    "list_type": "should be a list",
    "model_type": "should be a mapping",
    "string_type": "should be a text",
}
"""Words of YAML for the types of pydantic's errors. Other errors keep pydantic's words."""

_NOT_GIVEN = object()

REFERENCE = "(reference)"
"""The key of a plain `azureml:…` in a place that also accepts a mapping."""


class Form(BaseModel):
    """A mapping in a YAML file. It refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    not_offered: ClassVar[Mapping[str, str]] = {}
    """Keys of Azure ML that this service does not use, and what to do instead."""

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, data: Any) -> Any:
        """Drop keys without a value, and parse lists and mappings from `--set`."""
        if not isinstance(data, dict):
            return data
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        meant = {key: _meant(value, fields[key].annotation) if key in fields else value for key, value in data.items()}
        return {key: value for key, value in meant.items() if value is not _NOT_GIVEN}


class FileForm(Form):
    """The root of a file."""

    json_schema: str | None = Field(default=None, alias="$schema")


FormType = TypeVar("FormType", bound=Form)


def read_form(form: type[FormType], document: YamlDocument, at: KeyPath = (), content: Any = None) -> FormType:
    """Read the document, or its part `content` at `at`, as `form`. Raise InvalidInputError for the first error."""
    try:
        return form.model_validate(document.content if content is None else content)
    except ValidationError as error:
        raise _explained(form, document, at, error) from None


def _explained(form: type[Form], document: YamlDocument, at: KeyPath, error: ValidationError) -> InvalidInputError:
    """Return the most useful error: an unknown key first, because it often causes a missing key."""
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    keys = (*at, *first["loc"])
    return document.error(keys, _sentence(form, first, keys), hint=_accepted(form, first))


def _sentence(form: type[Form], detail: ErrorDetails, keys: KeyPath) -> str:
    name = _dotted(keys)
    value = detail["input"]
    match detail["type"]:
        case "extra_forbidden" if instead := _instead(form, detail):
            return f"`{name}` is not offered: {instead}"
        case "extra_forbidden":
            return f"unknown key `{name}`{_guess(form, detail, keys)}"
        case "missing":
            return f"the key `{name}` is missing"
        case "value_error":
            return f"`{name}`: {detail['ctx']['error']}" if name else str(detail["ctx"]["error"])
        case _:
            is_number = isinstance(value, PlainText) and value.number is not None
            shown = str(value) if is_number else _KINDS.get(type(value)) or quoted(value)
            expected = _EXPECTED.get(detail["type"], detail["msg"].removeprefix("Input "))
            return f"`{name}` is {shown}; it {expected}" if name else f"the file {expected}"


def _dotted(keys: KeyPath) -> str:
    """Return the keys as `deployments[0].model.name`."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys if key != REFERENCE)
    return "".join(parts).removeprefix(".")


def _instead(form: type[Form], detail: ErrorDetails) -> str:
    around = _form_at(form, detail["loc"][:-1])
    return around.not_offered.get(str(detail["loc"][-1]), "") if around else ""


def _guess(form: type[Form], detail: ErrorDetails, keys: KeyPath) -> str:
    from difflib import get_close_matches

    around = _form_at(form, detail["loc"][:-1])
    close = get_close_matches(name_in_files(str(detail["loc"][-1])), _keys(around), n=1) if around else []
    return f" (did you mean `{_dotted((*keys[:-1], close[0]))}`?)" if close else ""


def _accepted(form: type[Form], detail: ErrorDetails) -> str:
    if detail["type"] != "extra_forbidden" or _instead(form, detail):
        return ""
    around = _form_at(form, detail["loc"][:-1])
    return f"Accepted here: {', '.join(_keys(around))}" if around else ""


def _keys(form: type[Form]) -> list[str]:
    names = [field.alias or name for name, field in form.model_fields.items()]
    return sorted((name for name in names if name != REFERENCE), key=lambda name: name != "name")


def _form_at(form: type[Form], keys: KeyPath) -> type[Form] | None:
    """Return the form that contains the value at `keys`."""
    current: type[Form] | None = form
    for key in keys:
        if isinstance(key, int) or current is None:
            continue
        field = next((f for n, f in current.model_fields.items() if key in {n, f.alias}), None)
        current = _form_in(field.annotation) if field else None
    return current


def _meant(value: Any, annotation: Any) -> Any:
    """Return what a text without quotes means for this type, or `_NOT_GIVEN` for null."""
    if not isinstance(value, PlainText):
        return value
    if value.is_null:
        return _NOT_GIVEN
    return value.collection() if _holds_parts(annotation) else value


def _holds_parts(annotation: Any) -> bool:
    """Return True if a value of this type may be a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, dict | list | Form):
        return True
    return get_origin(annotation) in {dict, list} or any(map(_holds_parts, get_args(annotation)))


def _form_in(annotation: Any) -> type[Form] | None:
    """Return the one Form inside a type such as `list[X] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Form):
        return annotation
    return next((found for part in get_args(annotation) if (found := _form_in(part))), None)


@dataclass(frozen=True)
class _InSchema:
    """Adds the rule of a name to the schema, so that editors check it."""

    rule: NameRule

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of the text with the rule."""
        return handler(core) | {"pattern": f"^(?:{self.rule.pattern.pattern})$", "description": self.rule.accepted}


def _named_by(rule: NameRule) -> Any:
    """Return a validator that explains a bad name."""

    def check(value: str) -> str:
        try:
            return rule.check(value)
        except RefusedName as error:
            raise ValueError(error.message) from None

    return AfterValidator(check)


def text_named_by(rule: NameRule) -> Any:
    """Return the type of a text that follows a rule for names."""
    return Annotated[Text, _named_by(rule), _InSchema(rule)]


DeploymentName = Annotated[Text, _named_by(DEPLOYMENT_NAME), _InSchema(DEPLOYMENT_NAME)]
EndpointName = Annotated[Text, _named_by(ENDPOINT_NAME), _InSchema(ENDPOINT_NAME)]
ComputeName = Annotated[Text, _named_by(COMPUTE_NAME), _InSchema(COMPUTE_NAME)]
ScheduleName = Annotated[Text, _named_by(SCHEDULE_NAME), _InSchema(SCHEDULE_NAME)]
TriggerName = Annotated[Text, _named_by(TRIGGER_NAME), _InSchema(TRIGGER_NAME)]
AssetName = Annotated[Text, _named_by(ASSET_NAME), _InSchema(ASSET_NAME)]
AssetVersion = Annotated[Text, _named_by(ASSET_VERSION), _InSchema(ASSET_VERSION)]
