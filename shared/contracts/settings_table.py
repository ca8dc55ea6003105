"""The table of settings: everything that a deployment or a job can be told about how it scores.

To add a setting, add one attribute to `SettingValues` and run `python -m cli.yaml_files.published_schemas`. All these
follow: the key in the YAML files, the members of the REST bodies, the merging into a job, the options of `bml` and
`--set`, what `show` prints, the schemas, and the tables in docs/yaml.md and docs/cli.md. Then write the code that uses
`job.settings.<name>`, and its tests.

This module does not import pydantic, because `bml` reads it when it starts. Names, defaults and bounds are Azure ML's
where Azure ML has the setting.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Self, get_type_hints

from shared.contracts.names import OUTPUT_FILE_NAME, NameRule

DEFAULT_OUTPUT_FILE_NAME = "predictions.csv"
MAX_TIMEOUT_SECONDS = 259_200
"""Source: Azure ML's documented limit of a mini-batch timeout (3 days)."""
MAX_PROCESSES = 256
"""Scoring processes on one node."""


class AnyCaseEnum(StrEnum):
    """Reads its values in any case and with underscores, as the YAML files and older clients spell them."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        spelled = str(value).replace("_", "").lower()
        return next((member for member in cls if member.lower() == spelled), None)


class LoggingLevel(AnyCaseEnum):
    """How much a job logs."""

    WARNING = "Warning"
    INFO = "Info"
    DEBUG = "Debug"


class OutputAction(AnyCaseEnum):
    """What happens to the results of `run()`."""

    APPEND_ROW = "AppendRow"
    """They become rows of the one output file."""
    SUMMARY_ONLY = "SummaryOnly"
    """They are only counted. The script writes its own files to `AZUREML_BI_OUTPUT_PATH`."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting. Paths are dotted and in snake_case; the REST bodies spell them in camelCase."""

    meaning: str
    """A clause for the help text and the tables. The unit is part of it."""
    note: str = ""
    """More for the tables, as a clause or sentence of its own."""
    key: str = ""
    """Key of the YAML files, at the root or below `settings`. Default: the name of the attribute."""
    older: tuple[str, ...] = ()
    """Other places of a deployment file that may have it."""
    member: str = ""
    """Place in the properties of a deployment. Default: `key`."""
    job_member: str = ""
    """Place in the properties of an invocation, in the body of 2021 and in today's. Default: `key`."""
    default: Any = None
    """None for a setting that need not have a value: its attribute is then of a type such as `int | None`."""
    at_least: int | None = None
    at_most: int | None = None
    rule: NameRule | None = None
    """The names that a text may be."""
    for_jobs: bool = True
    """Whether a job may override it."""
    short_option: str = ""
    """Such as `-m`, beside the long option, which is named after the key."""
    name: str = ""
    """Name of the attribute."""
    type: type = str
    """`int`, `str`, an enum, `dict` for names and texts, or `float` for seconds, which travel in ISO 8601."""

    @property
    def is_duration(self) -> bool:
        """True for seconds."""
        return self.type is float

    @property
    def words(self) -> tuple[str, ...]:
        """The values of an enum as the YAML files spell them; empty for other types."""
        return tuple(member.name.lower() for member in self.type) if issubclass(self.type, StrEnum) else ()

    @property
    def bounds(self) -> dict[str, Any]:
        """The bounds as pydantic names them. Seconds are more than 0."""
        named = {"gt": 0 if self.is_duration else None, "ge": self.at_least, "le": self.at_most}
        return {name: bound for name, bound in named.items() if bound is not None}

    @property
    def place(self) -> str:
        """The place in today's deployment files."""
        return f"settings.{self.key}" if self.member == self.key else self.member

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `bml` for one job."""
        long = "--" + self.key.rpartition(".")[2].replace("_", "-")
        return (self.short_option, long) if self.short_option else (long,)

    @property
    def help(self) -> str:
        """The meaning as a sentence without marks."""
        text = self.meaning.replace("`", "")
        return f"{text[:1].upper()}{text[1:]}."

    @property
    def effect(self) -> str:
        """The meaning with values and bounds, in Markdown."""
        words = [f"`{word}`" for word in self.words]
        choices = f": {', '.join(words[:-1])} or {words[-1]}" if words else ""
        return self.meaning + choices + (f", at most {self.at_most}" if self.at_most is not None else "")

    @property
    def description(self) -> str:
        """The effect with other places and notes, in Markdown."""
        older = f"also {', '.join(f'`{place}`' for place in self.older)}" if self.older else ""
        fixed = "" if self.for_jobs else "a job cannot override it"
        return "; ".join(filter(None, (self.effect, older, fixed, self.note)))

    @property
    def default_text(self) -> str:
        """The default in Markdown; empty when there is none."""
        if self.default is None:
            return ""
        if self.words:
            return f"`{self.type(self.default).name.lower()}`"
        return f"`{self.default}`" if self.type is str else str(self.default)


class SettingValues:
    """The settings that are merged into a job, each with its declaration."""

    mini_batch_size: Annotated[
        int,
        Setting(meaning="files given to one call of `run()`", default=10, at_least=1, short_option="-m"),
    ]
    max_concurrency_per_instance: Annotated[
        int,
        Setting(meaning="scoring processes on each node", default=1, at_least=1, at_most=MAX_PROCESSES),
    ]
    instance_count: Annotated[
        int,
        Setting(
            meaning="nodes for a job",
            older=("resources.instance_count", "compute.instance_count"),
            member="resources.instance_count",
            job_member="compute.instance_count",
            default=1,
            at_least=1,
            short_option="-c",
        ),
    ]
    output_action: Annotated[
        OutputAction,
        Setting(
            meaning="what happens to the results of `run()`",
            note="`summary_only` is for scripts that write their own files",
            older=("output_configuration.output_action",),
            default=OutputAction.APPEND_ROW,
        ),
    ]
    output_file_name: Annotated[
        str,
        Setting(
            meaning="name of the output file",
            note="rows are JSON lines in `.jsonl`, [Parquet](#parquet) in `.parquet`, else CSV",
            older=("output_configuration.append_row_file_name",),
            default=DEFAULT_OUTPUT_FILE_NAME,
            rule=OUTPUT_FILE_NAME,
        ),
    ]
    error_threshold: Annotated[
        int,
        Setting(
            meaning="the job stops when more files than this have failed; -1 ignores failures", default=-1, at_least=-1
        ),
    ]
    # Azure ML's 3 means 3 tries, not a first try and 3 more. There is at least one.
    max_retries: Annotated[
        int,
        Setting(meaning="tries of a mini-batch in all", key="retry_settings.max_retries", default=3, at_least=0),
    ]
    timeout_seconds: Annotated[
        float,
        Setting(
            meaning="seconds that one call of `run()` may take",
            key="retry_settings.timeout",
            default=30,
            at_most=MAX_TIMEOUT_SECONDS,
        ),
    ]
    init_timeout_seconds: Annotated[
        float,
        Setting(
            meaning="seconds that each process may take to load the model, or to import the script and run `init()`",
            note="Azure ML has no such key",
            key="init_timeout",
            default=600,  # Azure ML's limit for a job's first task
            at_most=MAX_TIMEOUT_SECONDS,
        ),
    ]
    logging_level: Annotated[LoggingLevel, Setting(meaning="how much is logged", default=LoggingLevel.INFO)]


def _named(setting: Setting, name: str, hint: Any) -> Setting:
    """Return the setting with its name and type, and with the defaults of its places."""
    kind = hint.__args__[0] if isinstance(hint, UnionType) else hint
    key = setting.key or name
    member, job_member = setting.member or key, setting.job_member or key
    return replace(setting, name=name, type=kind, key=key, member=member, job_member=job_member)


SCORING_SETTINGS = tuple(
    _named(hint.__metadata__[0], name, hint.__origin__)
    for name, hint in get_type_hints(SettingValues, include_extras=True).items()
)
ENVIRONMENT_VARIABLES = _named(Setting(meaning="for the scoring script"), "environment_variables", dict)
"""Not among the `ScoringSettings` of a job: an invocation adds to the deployment's variables."""
SETTINGS = (*SCORING_SETTINGS, ENVIRONMENT_VARIABLES)
JOB_SETTINGS = tuple(setting for setting in SETTINGS if setting.for_jobs)
"""The settings that a job may override."""


def wire_keys(path: str) -> list[str]:
    """Return the keys of a path in the REST bodies: `retrySettings` and `maxRetries`."""
    return [first + "".join(map(str.capitalize, rest)) for first, *rest in (key.split("_") for key in path.split("."))]


def put(mapping: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set a nested member; make the mappings on the way."""
    for key in keys[:-1]:
        mapping = mapping.setdefault(key, {})
    mapping[keys[-1]] = value


def member_of(mapping: Mapping[str, Any], keys: list[str]) -> Any:
    """Return a nested member; None when a mapping on the way does not have it."""
    value: Any = mapping
    for key in keys:
        value = (value or {}).get(key)
    return value


def as_tree(places: Iterable[tuple[str, Setting]]) -> dict[str, Any]:
    """Return settings by path as nested mappings."""
    tree: dict[str, Any] = {}
    for path, setting in places:
        put(tree, path.split("."), setting)
    return tree


def fields_of(
    tree: Mapping[str, Any], field: Callable[[Setting], Any], group: Callable[[str, dict[str, Any]], Any]
) -> dict[str, Any]:
    """Return a model's fields: `field` makes that of a setting, `group` that of the settings below a key."""
    return {
        key: field(part) if isinstance(part, Setting) else group(key, fields_of(part, field, group))
        for key, part in tree.items()
    }
