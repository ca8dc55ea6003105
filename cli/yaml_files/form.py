"""The base of all YAML forms, and pydantic's complaints in the words of the file."""

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
from pydantic_core import CoreSchema, ErrorDetails

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
)
from shared.errors import ValidationError as RefusedName


def _text(value: Any) -> Any:
    """The characters of the file, whatever YAML makes of them: `1.10`, `NO` and `12:30` are meant as they stand."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else value


_WRITTEN_AS = str | int | float | bool
"""What editors take for the text."""

Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=_WRITTEN_AS)]
"""Text that may look like a number, a date or a boolean."""

Variables = dict[str, Annotated[str, BeforeValidator(_text, json_schema_input_type=_WRITTEN_AS | None)]]
"""Names and texts."""


def _number(value: Any) -> Any:
    """The number, where one is written; what else is written is refused by the type."""
    number = value.number if isinstance(value, PlainText) else None
    return value if number is None else number


Whole = Annotated[int, BeforeValidator(_number)]
"""A whole number."""

_KINDS: dict[type, str] = {dict: "a mapping", list: "a list"}

_NOT_GIVEN = object()

REFERENCE = "(reference)"
"""Stands for the key of a value that is a plain `azureml:…` where a mapping may stand too."""


class Form(BaseModel):
    """A mapping in a YAML file; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    not_offered: ClassVar[Mapping[str, str]] = {}
    """Azure ML's keys that this service has no use for, and what to do instead."""

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, data: Any) -> Any:
        """Leave out keys without a value; read the lists and mappings that `--set` gives."""
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
    """The document, or `content` found at `at` in it, as `form`; raises InvalidInputError for the first thing wrong."""
    try:
        return form.model_validate(document.content if content is None else content)
    except ValidationError as error:
        raise _explained(form, document, at, error) from None


def _explained(form: type[Form], document: YamlDocument, at: KeyPath, error: ValidationError) -> InvalidInputError:
    """The most telling complaint: an unknown key first, as it is often the cause of a missing one."""
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
            shown = str(value) if is_number else _KINDS.get(type(value), repr(value))
            expected = detail["msg"].removeprefix("Input ")
            return f"`{name}` is {shown}; it {expected}" if name else f"the file {expected}"


def _dotted(keys: KeyPath) -> str:
    """`deployments[0].model.name`"""
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
    """The form that holds the value at `keys`."""
    current: type[Form] | None = form
    for key in keys:
        if isinstance(key, int) or current is None:
            continue
        field = next((f for n, f in current.model_fields.items() if key in {n, f.alias}), None)
        current = _form_in(field.annotation) if field else None
    return current


def _meant(value: Any, annotation: Any) -> Any:
    """What a value of this type is meant to be; `_NOT_GIVEN` when nothing is."""
    if not isinstance(value, PlainText):
        return value
    if value.is_null:
        return _NOT_GIVEN
    return value.collection() if _holds_parts(annotation) else value


def _holds_parts(annotation: Any) -> bool:
    """Whether a value of this type may be a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, dict | list | Form):
        return True
    return get_origin(annotation) in {dict, list} or any(map(_holds_parts, get_args(annotation)))


def _form_in(annotation: Any) -> type[Form] | None:
    """The one Form inside a type such as `list[X] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Form):
        return annotation
    return next((found for part in get_args(annotation) if (found := _form_in(part))), None)


@dataclass(frozen=True)
class _InSchema:
    """Lets editors check a name."""

    rule: NameRule

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What the schema says of the text, and the rule."""
        return handler(core) | {"pattern": f"^(?:{self.rule.pattern.pattern})$", "description": self.rule.accepted}


def _named_by(rule: NameRule) -> Any:
    """A validator that explains a bad name."""

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
