"""The names that users give, the names of blobs, and the rules that both follow."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.errors import ValidationError

_SHOWN = 120
"""Characters of a wrong name that a message repeats."""


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that appears twice, or None if all differ. Takes one step for each name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


@dataclass(frozen=True)
class NameRule:
    """The rule for a kind of name."""

    field: str
    pattern: re.Pattern[str]
    accepted: str

    def check(self, value: str, field: str = "") -> str:
        """Return `value`; raises ValidationError with the field, the value and what is accepted."""
        if self.pattern.fullmatch(value):
            return value
        named = field or self.field
        raise ValidationError(f"{named} {quoted(value)} is not valid: use {self.accepted}", target=named)

    def check_part(self, value: str, reference: str, field: str) -> str:
        """Return `value`, which is a part of `reference`; raises ValidationError that names both."""
        if self.pattern.fullmatch(value):
            return value
        raise ValidationError(
            f"{field} {quoted(reference)} is not valid: its {self.field} {quoted(value)} must have {self.accepted}",
            target=field,
        )


ENDPOINT_NAME = NameRule(
    "endpoint name",
    re.compile(r"(?=.{3,32}$)[a-zA-Z][-a-zA-Z0-9]+[a-zA-Z0-9]"),
    "3 to 32 letters, digits and '-', beginning with a letter and ending with a letter or digit "
    "(^[a-zA-Z][-a-zA-Z0-9]+[a-zA-Z0-9]$)",
)
"""Source: Azure ML's page of 2021, table of endpoint keys; the upper limit is from Azure ML's page of quotas."""

DEPLOYMENT_NAME = NameRule(
    "deployment name",
    re.compile(r"(?=.{3,32}$)[a-zA-Z][-a-zA-Z0-9]+[a-zA-Z0-9]"),
    "3 to 32 letters, digits and '-', beginning with a letter and ending with a letter or digit",
)

COMPUTE_NAME = NameRule(
    "compute name",
    re.compile(r"[a-zA-Z](?!.*--)[-a-zA-Z0-9]{0,30}[a-zA-Z0-9]"),
    "2 to 32 letters, digits and single '-', beginning with a letter and ending with a letter or digit",
)

DATASTORE_NAME = NameRule(
    "datastore name",
    re.compile(r"[a-zA-Z0-9_]{1,255}"),
    "1 to 255 letters, digits and '_'",
)

CONTAINER_NAME = NameRule(
    "containerName",
    re.compile(r"(?!.*--)[a-z0-9][-a-z0-9]{1,61}[a-z0-9]"),
    "3 to 63 lower-case letters, digits and single '-'",
)

ASSET_NAME = NameRule(
    "asset name",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_.]{0,254}"),
    "1 to 255 letters, digits, '-', '_' and '.', beginning with a letter or digit",
)

ASSET_VERSION = NameRule(
    "version",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_.]{0,254}"),
    "1 to 255 letters, digits, '-', '_' and '.', beginning with a letter or digit",
)
"""Azure ML's own pattern. The official client names versions of anonymous environments by a hash of 64 digits."""

JOB_NAME = NameRule(
    "job name",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_]{0,99}"),
    "1 to 100 letters, digits, '-' and '_', beginning with a letter or digit",
)
"""At most 100 characters, as the name is also the orchestration's instance id (Durable's documented limit)."""

SCHEDULE_NAME = NameRule(
    "schedule name",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_]{0,79}"),
    "1 to 80 letters, digits, '-' and '_', beginning with a letter or digit",
)
"""Its jobs are named after it, with a hyphen and a time of 16 characters."""

TRIGGER_NAME = NameRule(
    "trigger name",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_]{0,79}"),
    "1 to 80 letters, digits, '-' and '_', beginning with a letter or digit",
)
"""Its jobs are named after it, with a hyphen and 16 hexadecimal digits."""

WEBHOOK_NAME = NameRule(
    "webhook name",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_]{0,62}"),
    "1 to 63 letters, digits, '-' and '_', beginning with a letter or digit",
)

OUTPUT_FILE_NAME = NameRule(
    "output_file_name",
    re.compile(r"(?!\.+$|errors\.jsonl$)[^~\"#%&*:<>?/\\{|}\x00-\x1f]{1,255}"),
    'a file name of up to 255 characters without ~ " # % & * : < > ? / \\ { | }; rows are JSON lines when it ends in '
    ".jsonl, Parquet when it ends in .parquet or .pqt, else CSV; errors.jsonl is the list of failed items",
)


_JOB_ID_NAMESPACE = uuid.UUID("8f0f5f0e-3c64-5d0c-9a5e-6d3a2b1c4e70")


def job_id(job_name: str) -> str:
    """Return the id of a job's child run, made from its name: the same name always gives the same id.

    It names the default output folder, the job's queue and its blobs.
    """
    return str(uuid.uuid5(_JOB_ID_NAMESPACE, job_name))


def default_output_path(job_id: str) -> str:
    """Return the output folder of a job whose invocation names no folder. No other job uses it."""
    return f"azureml/{job_id}/score"


def task_queue(job_id: str) -> str:
    """Return the name of the queue that holds a job's tasks."""
    return f"job-{job_id}"


def ticket_queue(compute: str) -> str:
    """Return the name of the queue that holds the node tickets of a compute."""
    return f"compute-{compute.lower()}"


MAX_BYTES = 131_071
"""Bytes of `name=value`. Linux starts no process with more (`MAX_ARG_STRLEN`, execve(2), less the final NUL)."""


def fault_of_variable(name: str, value: str) -> str:
    """Return a sentence that says why no process can have this variable; empty when one can."""
    shown = f"the environment variable {name[:_SHOWN]!r}"
    if not name:
        return f"an environment variable has no name (its value is {value[:_SHOWN]!r})"
    if "=" in name:
        return f"{shown} has '=' in its name"
    if "\0" in name + value:
        return f"{shown} has a NUL character in its {'name' if chr(0) in name else 'value'}"
    try:
        length = len(f"{name}={value}".encode())
    except UnicodeEncodeError:
        return f"{shown} has half a character (a lone surrogate) in its name or value"
    if length > MAX_BYTES:
        return f"{shown} has {length:,} bytes with its value; {MAX_BYTES:,} are allowed"
    return ""


def check_environment_variables(variables: Mapping[str, str], field: str) -> None:
    """Raise ValidationError for the first variable that no process can have, with `field` and the reason."""
    for name, value in variables.items():
        if fault := fault_of_variable(name, value):
            raise ValidationError(f"{field}: {fault}", target=field)


MAX_CHARACTERS = 1_024
"""Counted in UTF-16 code units, as the service counts them: an emoji counts as two."""
MAX_PARTS = 254
"""Parts of a path, separated by `/`."""

_FORBIDDEN = (
    (re.compile(r"[\x00-\x1f\x7f-\x9f]"), "the control character"),
    (re.compile(r"[\ud800-\udfff]"), "a byte that is not UTF-8, or half a character:"),
    (re.compile(r"[\ufffe\uffff]"), "a character that XML cannot hold:"),
    (re.compile(r"[\ue000-\uf8ff]"), "a character for private use:"),
    (re.compile(r"\\"), "a backslash, which storage takes for '/':"),
)


def fault_of_blob_name(name: str) -> str:
    """Return why `name` cannot be a blob's name, as the end of a sentence; empty when it can be one."""
    for pattern, what in _FORBIDDEN:
        if found := pattern.search(name):
            return f"has {what} U+{ord(found[0]):04X}"
    parts = name.split("/")
    if "" in parts:
        return "has an empty part between two '/' or at an end" if name else "is empty"
    if ended := next((part for part in parts if part.endswith(".")), None):
        return f"has a part that ends with a dot: {quoted(ended)}"
    if len(parts) > MAX_PARTS:
        return f"has {len(parts)} parts between '/'; storage allows {MAX_PARTS}"
    if (length := len(name.encode("utf-16-le")) // 2) > MAX_CHARACTERS:
        return f"has {length:,} characters; storage allows {MAX_CHARACTERS:,}"
    return ""


def check_blob_name(name: str, field: str) -> str:
    """Return `name`; raises ValidationError with `field`, the name and the reason when it cannot be a blob's name."""
    if fault := fault_of_blob_name(name):
        raise ValidationError(f"{field} {quoted(name)} cannot be the name of a blob: it {fault}", target=field)
    return name


def quoted(value: object) -> str:
    """Return the text in quotes, with odd characters escaped. Leave out the middle of a long one."""
    if isinstance(value, str) and len(value) > _SHOWN:
        value = f"{value[: _SHOWN // 2]}…{value[-_SHOWN // 2 :]}"
    return repr(value)
