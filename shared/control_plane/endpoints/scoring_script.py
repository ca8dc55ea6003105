"""The check of a scoring script: it exists, it is Python, and it defines `run`."""

import ast
from pathlib import PurePosixPath

from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.job_spec import CodeSpec
from shared.control_plane.datastores.locations import checked_path
from shared.errors import ValidationError
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of

FIELD = "codeConfiguration.scoringScript"

_MAX_BYTES = 4 * 1024 * 1024


def check_scoring_script(account: StorageAccount, code: CodeSpec) -> None:
    """Raise ValidationError that says what is wrong with the script of uploaded code."""
    name = code.scoring_script
    text = _read(account, code)
    try:
        module = ast.parse(text, name)
    except (SyntaxError, ValueError) as error:
        raise ValidationError(f"{FIELD} {name!r} is not valid Python: {error}", target=FIELD) from error
    if not _defines(module, "run"):
        raise ValidationError(
            f"{FIELD} {name!r} has no function 'run': define init() and run(mini_batch) in it", target=FIELD
        )


def script_path(name: str) -> str:
    """Return the path of a script below its code folder, without needless dots and slashes; raises ValidationError."""
    path = PurePosixPath(name)
    if path.suffix != ".py" or path.is_absolute():
        raise ValidationError(
            f"{FIELD} {name!r} is not valid: use a path below the code folder, ending in .py", target=FIELD
        )
    return checked_path(str(path), name, FIELD)


def _read(account: StorageAccount, code: CodeSpec) -> bytes:
    blob = container_of(account, code.location).get_blob_client(code.location.child(code.scoring_script))
    try:
        return blob.download_blob(offset=0, length=_MAX_BYTES).readall()
    except ResourceNotFoundError as error:
        raise ValidationError(
            f"{FIELD} {code.scoring_script!r} is not in the uploaded code {code.location.path!r}", target=FIELD
        ) from error


def _defines(module: ast.Module, name: str) -> bool:
    """Return whether the module's own scope binds `name`. A star import counts, because it may."""
    return any(name in _bound(node) or "*" in _bound(node) for node in _own_scope(module))


def _own_scope(node: ast.AST) -> list[ast.AST]:
    """Return all statements of the module's scope, also those inside `if`, `try` and `with`."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        found.append(child)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            found += _own_scope(child)
    return found


def _bound(node: ast.AST) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Name(id=name, ctx=ast.Store()):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name for alias in names}
        case _:
            return set()
