"""The folders of one scoring process."""

from dataclasses import dataclass
from pathlib import Path

from scorer_container.node.folders import empty_folder, new_folder, remove


@dataclass(frozen=True)
class ProcessFolders:
    """All that a scoring process may write to. No job meets what another one has left there."""

    root: Path

    @property
    def work(self) -> Path:
        """Its current folder."""
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
        """Make new folders: for the first process that a job starts."""
        for folder in (self.work, self.output, self.home, self.temporary):
            new_folder(folder)

    def empty_output(self) -> None:
        """For a process that was kept from the job before: home and temporary files are its own, as its memory is."""
        empty_folder(self.output)

    @property
    def is_work_empty(self) -> bool:
        """Whether the job has left nothing in the working folder that the next one could meet."""
        return self.work.is_dir() and not self.work.is_symlink() and not any(self.work.iterdir())

    def remove(self) -> None:
        """Give the disk back; raises OSError."""
        remove(self.root)
