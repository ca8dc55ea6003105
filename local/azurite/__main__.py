"""`python -m local.azurite`: installs Azurite, as `make setup` does ahead of the first start."""

import sys

from local.azurite.installation import ensure_installed, find_node
from local.errors import LocalStackError


def main() -> int:
    """Installs what is missing; returns the exit code."""
    try:
        print(f"Azurite is installed in {ensure_installed(find_node())}")
    except LocalStackError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
