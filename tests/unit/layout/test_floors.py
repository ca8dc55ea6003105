"""Imports go down only, rooms stay small, and the pages name files that exist."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("shared", "scorer_container", "cli", "local")

FLOORS = (
    "shared/errors.py",
    "shared/settings.py",
    "shared/schemas",
    "shared/contracts",
    "shared/security",
    "shared/outbound.py",
    "shared/storage",
    "shared/observability",
    "shared/compute",
    "shared/signatures.py",
    "shared/control_plane",
    "shared/control_plane/datastores",
    "shared/control_plane/assets",
    "shared/control_plane/endpoints",
    "shared/control_plane/automation",
    "shared/jobs",
    "shared/jobs/submission",
    "shared/jobs/phases",
    "shared/jobs/automation",
    "shared/jobs/upkeep",
    "shared/studio",
    "shared/triggers",
    "shared/triggers/background",
    "shared/triggers/http/framework",
    "shared/triggers/http/management",
    "shared/triggers/http",
    "function_app.py",
    "scorer_container/driver/values",
    "scorer_container/driver/tables",
    "scorer_container/driver/results",
    "scorer_container/driver",
    "scorer_container/agent",
    "scorer_container/node/scope.py",
    "scorer_container/node/settings.py",
    "scorer_container/node/storage",
    "scorer_container/node/cache",
    "scorer_container/node/environments",
    "scorer_container/node/held.py",
    "scorer_container/node/in_hand.py",
    "scorer_container/node/reporting",
    "scorer_container/node/tasks",
    "scorer_container/node/parquet",
    "scorer_container/node/processes",
    "scorer_container/node/jobs",
    "scorer_container/node/node.py",
    "scorer_container/node/__main__.py",
    "scorer_container/export.py",
    "scorer_container/health.py",
    "local/errors.py",
    "local/private_files.py",
    "local/processes",
    "local/loopback",
    "local/azurite",
    "local/token_issuer",
    "local/scale_set",
    "local/blob_events",
    "local/data_folder",
    "local/stack",
    "local/functions_host/app",
    "local/functions_host/durable/hub",
    "local/functions_host/durable",
    "local/functions_host/worker",
    "local/functions_host/listeners",
    "local/functions_host",
    "cli/output",
    "cli/connection",
    "cli/yaml_files",
    "cli/api",
    "cli/uploads",
    "cli/deploy",
    "cli/watching",
    "cli/invocation",
    "cli/commands",
    "cli/command_tree.py",
    "cli/main.py",
)
"""Every room, the lowest first. A module imports only from its own room and from rooms above it in this list."""

TOPS = {".", *PACKAGES, "scorer_container/node"}
"""Folders whose modules are rooms of their own."""

SEEN_BY = {
    "shared": set(),
    "scorer_container": {
        *("shared/errors.py", "shared/settings.py", "shared/contracts", "shared/outbound.py"),
        *("shared/storage", "shared/observability"),
    },
}
"""The rooms of other packages that a package may import; a package that is not listed may import every lower room."""


@cache
def modules() -> dict[str, Path]:
    """Name and path of each module of the product."""
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    paths = [path for path in found if "node_modules" not in path.parts]
    paths.append(ROOT / "function_app.py")
    return {_name(path): path for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(path: Path) -> str:
    """A module's folder. A module at the top of a package, or of the node, is a room of its own."""
    relative = path.relative_to(ROOT)
    is_own_room = relative.parent.as_posix() in TOPS and relative.name != "__init__.py"
    return relative.as_posix() if is_own_room else relative.parent.as_posix()


def imports(name: str, path: Path) -> Iterator[str]:
    """Names of the product's modules that a module imports, at its top or inside a function."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                found = next((known for known in (f"{base}.{alias.name}", base) if known in modules()), None)
                if found:
                    yield found


@cache
def crossings() -> frozenset[tuple[str, str, str]]:
    """Importing module, its room, and the other room from which it imports."""
    found = set()
    for name, path in modules().items():
        for imported in imports(name, path):
            if room(modules()[imported]) != room(path):
                found.add((name, room(path), room(modules()[imported])))
    return frozenset(found)


def test_every_room_has_its_floor() -> None:
    rooms = {room(path) for path in modules().values()} - TOPS
    assert rooms == set(FLOORS), "add the new room to FLOORS, above all that it imports"


def test_imports_go_down_only() -> None:
    floor = {name: number for number, name in enumerate(FLOORS)}
    upward = [f"{module} imports from {other}" for module, own, other in crossings() if floor[own] <= floor[other]]
    assert not upward, "\n".join(upward)


def test_a_package_sees_only_what_it_may() -> None:
    forbidden = [
        f"{module} imports from {other}"
        for module, own, other in crossings()
        if (seen := SEEN_BY.get(own.partition("/")[0])) is not None
        and own.partition("/")[0] != other.partition("/")[0]
        and other not in seen
    ]
    assert not forbidden, "\n".join(forbidden)


def test_rooms_and_modules_stay_small() -> None:
    counted = [path for path in modules().values() if path.name != "__init__.py"]
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in counted}
    folders = [path.parent for path in counted]
    crowded = {folder.as_posix() for folder in folders if folders.count(folder) > 15}
    assert not crowded, f"more than 15 modules: {crowded}"
    assert sum(count < 20 for count in lines.values()) <= 12
    assert not [path for path, count in lines.items() if count > 300]


def test_the_check_sees_imports() -> None:
    assert ("shared.triggers.wiring", "shared/triggers", "shared/jobs") in crossings()
