"""`python -m scorer_container.export FOLDER`: copies what the machine needs out of the node's image.

The machine needs the agent, the driver that is mounted into scoring containers, and `uv`, from the image in use.
"""

import shutil
import sys
from pathlib import Path

from scorer_container.node.environments.uv import find_uv

_PACKAGE = Path(__file__).parent


def main() -> None:
    """Replace the parts in the folder; each part is complete or missing."""
    folder = Path(sys.argv[1])
    for part in ("agent", "driver"):
        _put(_PACKAGE / part, folder / "scorer_container" / part)
    _put(_PACKAGE / "__init__.py", folder / "scorer_container" / "__init__.py")
    _put(find_uv().resolve(), folder / "uv")


def _put(source: Path, target: Path) -> None:
    partial = target.with_name(target.name + ".partial")
    if partial.is_dir():
        shutil.rmtree(partial)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, partial, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.rmtree(target, ignore_errors=True)
    else:
        shutil.copy2(source, partial)
    partial.rename(target)


if __name__ == "__main__":
    main()
