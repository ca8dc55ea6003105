"""The layout of a stack's data folder."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.errors import DataFolderError
from local.loopback.certificates import TlsFiles


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The files and folders of one stack."""

    root: Path

    @property
    def stack_file(self) -> Path:
        """The stack's set-up and its processes."""
        return self.root / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Locked for as long as a supervisor runs."""
        return self.root / "supervisor.lock"

    @property
    def azurite(self) -> Path:
        """Blobs, queues and tables."""
        return self.root / "azurite"

    @property
    def token_issuer(self) -> Path:
        """Signing key and credentials."""
        return self.root / "token_issuer"

    @property
    def tls(self) -> TlsFiles:
        """The certificates, with `--https`."""
        return TlsFiles(self.root / "tls")

    @property
    def scale_set(self) -> Path:
        """The scale set's record, its instances' work files and their shared cache."""
        return self.root / "scale_set"

    @property
    def blob_events(self) -> Path:
        """The blobs that have had their event."""
        return self.root / "blob_events"

    @property
    def functions(self) -> Path:
        """The Functions host's own state."""
        return self.root / "functions"

    @property
    def telemetry(self) -> Path:
        """Traces, metrics and logs of the Function App and the nodes, unless telemetry goes to a service."""
        return self.root / "telemetry"

    def log(self, role: str) -> Path:
        """Return the log file of the process with this role."""
        return self.root / "logs" / f"{role}.log"


def open_data_folder(root: Path) -> DataFolder:
    """Return the data folder at `root`, after creating it if it is missing.

    Raises:
        DataFolderError: the folder cannot be made or written.
    """
    folder = DataFolder(root.absolute())
    try:
        folder.root.parent.mkdir(parents=True, exist_ok=True)
        folder.root.mkdir(mode=0o700, exist_ok=True)  # it contains secrets and everybody's data
        (folder.root / "logs").mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.root):
            pass
    except OSError as problem:
        raise DataFolderError(folder.root, problem.strerror or str(problem)) from problem
    return folder
