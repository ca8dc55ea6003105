"""The deployment in a YAML file. One form reads the files of 2021, those of today, and those in between.

`model: azureml:name:1` and `model: {name: …}` are distinguished before pydantic sees them, so that an error names
a key of the file and not a member of a union. docs/yaml.md has the table of all keys.
"""

from functools import reduce
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from cli.yaml_files.asset_forms import FILE_PREFIX, EnvironmentForm, ModelForm, or_reference
from cli.yaml_files.form import (
    REFERENCE,
    DeploymentName,
    EndpointName,
    FileForm,
    Form,
    Text,
    Variables,
    Whole,
    text_named_by,
)
from shared.contracts.names import fault_of_variable
from shared.contracts.settings import wire_value, with_fields
from shared.contracts.settings_table import SETTINGS, Setting, as_tree, fields_of, put, wire_keys


def _can_be_set(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if fault := fault_of_variable(name, value):
            raise ValueError(fault)
    return variables


def _word(setting: Setting) -> Any:
    """Return the type of a word, which may be in any case and in ARM's spelling: `AppendRow` is `append_row`."""
    spelled = {word.replace("_", ""): word for word in setting.words}

    def lower(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = value.strip().lower()
        return spelled.get(word, word)

    return Annotated[Literal[setting.words], BeforeValidator(lower)]


def _type(setting: Setting) -> Any:
    if setting.type is dict:
        return Annotated[Variables, AfterValidator(_can_be_set)]
    if setting.words:
        return _word(setting)
    if setting.rule:
        return text_named_by(setting.rule)
    return Text if setting.type is str else Annotated[Whole, Field(**setting.bounds)]


def _older_field(setting: Setting) -> Any:
    return _type(setting) | None, None


def _field(setting: Setting) -> Any:
    default = f" (default: {setting.default_text})" if setting.default_text else ""
    return _type(setting) | None, Field(None, description=setting.description + default)


def _group(key: str, fields: dict[str, Any]) -> Any:
    """Return the field of a mapping of settings, such as `retry_settings` with a `RetryForm`."""
    name = "".join(part.capitalize() for part in key.removesuffix("_settings").split("_"))
    form: Any = create_model(f"{name}Form", __base__=Form, __doc__=f"`{key}:`", **fields)
    return form | None, None


SETTING_FIELDS = fields_of(as_tree((setting.key, setting) for setting in SETTINGS), _field, _group)
_OLDER = as_tree((place, setting) for setting in SETTINGS for place in setting.older)


def _older_fields(key: str) -> dict[str, Any]:
    return fields_of(_OLDER[key], _older_field, _group)


class CodePathForm(Form):
    """`code:` in the form of 2021."""

    local_path: str = Field(min_length=1)

    @property
    def is_elsewhere(self) -> bool:
        """True if it names registered code or a URI instead of a folder on this machine."""
        is_uri = "://" in self.local_path and not self.local_path.startswith(FILE_PREFIX)
        return is_uri or self.local_path.startswith(("azureml:", "/subscriptions/"))


class CodeForm(Form):
    """`code_configuration:`"""

    code: Annotated[CodePathForm, or_reference("local_path", CodePathForm)]
    scoring_script: str


@with_fields(_older_fields("compute"))
class ComputeTargetForm(Form):
    """`compute:`, the name of a compute (today), or target and number of instances (2021)."""

    target: str


@with_fields(_older_fields("resources"))
class ResourcesForm(Form):
    """`resources:`"""

    not_offered = MappingProxyType(
        dict.fromkeys(
            ("instance_type", "properties", "shm_size", "docker_args", "locations", "max_instance_count"),
            "the compute decides which machines it has; leave it out",
        )
    )


@with_fields(_older_fields("output_configuration"))
class OutputConfigurationForm(Form):
    """`output_configuration:` in the form of spring 2021."""


@with_fields(SETTING_FIELDS)
class SettingKeys(Form):
    """The settings of scoring: at the root until 2023, and below `settings:` since then."""


class DeploymentForm(FileForm, SettingKeys):
    """A deployment: an item of `deployments:`, or a file of its own."""

    name: DeploymentName
    endpoint_name: EndpointName | None = None
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)
    type: Literal["model", "batch"] | None = None
    model: Annotated[ModelForm, or_reference(REFERENCE, ModelForm)]
    code_configuration: CodeForm | None = None
    environment: Annotated[EnvironmentForm, or_reference(REFERENCE, EnvironmentForm)] | None = None
    compute: Annotated[ComputeTargetForm, or_reference("target", ComputeTargetForm)]
    resources: ResourcesForm | None = None
    output_configuration: OutputConfigurationForm | None = None
    settings: SettingKeys | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_pipeline(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("type") == "pipeline":
            raise ValueError("deployments of `type: pipeline` are not offered; use `type: model`")
        return data

    @model_validator(mode="after")
    def _each_setting_once(self) -> "DeploymentForm":
        for name, places in self.setting_places().items():
            given = [place for place, value in places.items() if value is not None]
            if len(given) > 1:
                raise ValueError(f"{name} is given twice: as `{given[0]}` and as `{given[1]}`; keep one")
        return self

    def setting(self, name: str) -> Any:
        """Return the value of a setting from any of its places, or None if the file does not have it."""
        return next((value for value in self.setting_places()[name].values() if value is not None), None)

    def setting_places(self) -> dict[str, dict[str, Any]]:
        """Return, for each setting, its places in files of all ages, with the values found there."""
        return {
            setting.key: {
                place: value_in(self, place) for place in (setting.key, f"settings.{setting.key}", *setting.older)
            }
            for setting in SETTINGS
        }


def value_in(form: Form, path: str) -> Any:
    """Return the value at a path, or None if a mapping on the way is not given."""
    return reduce(lambda value, key: None if value is None else getattr(value, key), path.split("."), form)


def wire_settings(form: DeploymentForm) -> dict[str, Any]:
    """Return the settings of the file for the REST body. The service fills in the others."""
    wire: dict[str, Any] = {}
    for setting in SETTINGS:
        if (value := form.setting(setting.key)) is not None:
            put(wire, wire_keys(setting.member), wire_value(setting, value))
    return wire
