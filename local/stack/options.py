"""What the user may choose about a local stack."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

DATA_DIR_VARIABLE = "BML_DATA_DIR"
DEFAULT_DATA_DIR = ".local"
REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


def default_data_dir() -> Path:
    """`BML_DATA_DIR`, or `.local` in the current directory."""
    return Path(os.environ.get(DATA_DIR_VARIABLE) or DEFAULT_DATA_DIR).absolute()


@dataclass(frozen=True, slots=True)
class StackOptions:
    """Options of `up`. A port that is None is the one of the last start, and a free one at the first."""

    data_dir: Path = field(default_factory=default_data_dir)
    """Everything that the stack keeps."""

    port: int | None = None
    """`--port`: the Functions host, which is the management and the scoring API."""

    azurite_blob_port: int | None = None
    """`--azurite-blob-port`"""

    azurite_queue_port: int | None = None
    """`--azurite-queue-port`"""

    azurite_table_port: int | None = None
    """`--azurite-table-port`"""

    https: bool | None = None
    """`--https`: TLS with an authority of the data folder's own. None: as at the last start, at the first without."""

    detach: bool = False
    """`--detach`: return when everything is healthy and go on in the background."""

    app_root: Path = REPOSITORY_ROOT
    """The folder of `function_app.py` and `host.json`."""
