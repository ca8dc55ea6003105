"""The folders of a scoring process."""

from dataclasses import dataclass
from pathlib import Path

from scorer_container.node.cache.folders import empty_folder, new_folder, remove


@dataclass(frozen=True)
class ProcessFolders:
    """All folders that a scoring process may write to. A job never sees what another job left there."""

    root: Path

    @property
    def work(self) -> Path:
        """The working folder."""
        return self.root / "work"

    @property
    def output(self) -> Path:
        """`AZUREML_BI_OUTPUT_PATH`."""
        return self.root / "output"

    @property
    def home(self) -> Path:
        """`HOME`."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """`TMPDIR` of a process on the node itself."""
        return self.root / "tmp"

    def renew(self) -> None:
        """Make new folders for the first process that a job starts."""
        for folder in (self.work, self.output, self.home, self.temporary):
            new_folder(folder)

    def empty_output(self) -> None:
        """Empty the output of a process that was kept from the job before; it keeps its home and temporary files."""
        empty_folder(self.output)

    @property
    def is_work_empty(self) -> bool:
        """True when the job left nothing in the working folder that the next job could see."""
        try:
            return self.work.is_dir() and not self.work.is_symlink() and not any(self.work.iterdir())
        except OSError:  # the job has closed the folder
            return False

    def remove(self) -> None:
        """Remove all of it; raise OSError."""
        remove(self.root)
