"""The check of a scoring script: it exists, it is Python, and it defines `run`."""

from pathlib import PurePosixPath

from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.job_spec import CodeSpec
from shared.contracts.python_script import STAR, defined_names
from shared.control_plane.datastores.locations import checked_path
from shared.errors import ValidationError
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of, read_start

FIELD = "codeConfiguration.scoringScript"

_MAX_BYTES = 4 * 1024 * 1024


def check_scoring_script(account: StorageAccount, code: CodeSpec) -> None:
    """Raise ValidationError that says what is wrong with the script of uploaded code."""
    check_script_text(code.scoring_script, _read(account, code))


def check_script_text(name: str, text: bytes) -> None:
    """Raise ValidationError that says what is wrong with the script `name`."""
    try:
        names = defined_names(text, name)
    except (SyntaxError, ValueError) as error:
        raise ValidationError(f"{FIELD} {name!r} is not valid Python: {error}", target=FIELD) from error
    if not names & {"run", STAR}:
        raise ValidationError(
            f"{FIELD} {name!r} has no function 'run': define init() and run(mini_batch) in it", target=FIELD
        )


def script_path(name: str) -> str:
    """Return the path of a script below its code folder, without needless dots and slashes. Raises ValidationError."""
    path = PurePosixPath(name)
    if path.suffix != ".py" or path.is_absolute():
        raise ValidationError(
            f"{FIELD} {name!r} is not valid: use a path below the code folder, ending in .py", target=FIELD
        )
    return checked_path(str(path), name, FIELD)


def _read(account: StorageAccount, code: CodeSpec) -> bytes:
    blob = container_of(account, code.location).get_blob_client(code.location.child(code.scoring_script))
    try:
        return read_start(blob, _MAX_BYTES)
    except ResourceNotFoundError as error:
        raise ValidationError(
            f"{FIELD} {code.scoring_script!r} is not in the uploaded code {code.location.path!r}", target=FIELD
        ) from error
