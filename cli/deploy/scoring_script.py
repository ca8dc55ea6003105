"""What can be said of a scoring script without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cli.errors import InvalidInputError, NotFoundError

REQUIRED = ("init", "run")


def check_scoring_script(code: Path, script: str) -> None:
    """Raise NotFoundError or InvalidInputError unless `script` in the folder `code` can be a scoring script."""
    path = code / script
    if not path.is_file():
        raise NotFoundError(
            f"the scoring script {script!r} is not in {code}", mend="`scoring_script` is relative to `code`"
        )
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise InvalidInputError(f"{path}, line {error.lineno}: not valid Python: {error.msg}") from None
    except ValueError as error:
        raise InvalidInputError(f"{path} is not Python source: {error}") from None
    defined = set(_names(tree.body))
    missing = [name for name in REQUIRED if name not in defined]
    if missing and "*" not in defined:
        raise InvalidInputError(
            f"{path} has no function {' and no function '.join(f'`{name}`' for name in missing)}",
            mend="A scoring script defines init() and run(mini_batch)",
        )


def _names(statements: list[ast.stmt]) -> Iterator[str]:
    """Names that a module binds at its top level, also inside `if` and `try`."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If(body=body, orelse=orelse):
                yield from _names([*body, *orelse])
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                handled = [inner for handler in handlers for inner in handler.body]
                yield from _names([*body, *handled, *orelse, *finalbody])
            case ast.With(body=body):
                yield from _names(body)
