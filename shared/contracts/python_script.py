"""The names that a Python script defines, found without running it."""

import ast
from collections.abc import Iterator

STAR = "*"
"""Stands for the names of `from module import *`, which are unknown until the script runs."""


def defined_names(text: bytes, name: str) -> set[str]:
    """Return the names that the script `name` binds at its top level, also inside `if`, `try` and `with`.

    Raises SyntaxError or ValueError if Python cannot read the script.
    """
    try:
        module = ast.parse(text, name)
    except (RecursionError, MemoryError):
        raise ValueError("an expression is nested too deeply") from None
    return {bound for node in _own_scope(module) for bound in _bound(node)}


def _own_scope(module: ast.Module) -> Iterator[ast.AST]:
    """Yield all nodes of the module's scope. Recursion would be too deep for long sums and `elif` chains."""
    waiting: list[ast.AST] = [module]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            yield child
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                waiting.append(child)


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
