"""Sources that hold what a test has put there."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, BinaryIO

from shared.contracts.job_spec import Location


class LoadedSources:
    """Gives these files. A test may hold a download, or let it fail."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.fetched: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.is_held = False
        self.most_at_once = 0
        self._at_once = 0

    def read_secrets_again(self) -> None:
        pass

    @contextmanager
    def container(self, location: Location) -> Iterator[Any]:
        blobs = [
            SimpleNamespace(name=location.child(name), etag=f"{name} {len(data)}", metadata=None, size=len(data))
            for name, data in self.files.items()
        ]
        yield SimpleNamespace(list_blobs=lambda name_starts_with, include: blobs)

    async def fetch(self, location: Location, relative_path: str, into: BinaryIO) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0)
            if relative_path in self.failing:
                raise self.failing[relative_path]
            if self.is_held:
                await asyncio.Event().wait()
            into.write(self.files[relative_path])
            self.fetched.append(relative_path)
        finally:
            self._at_once -= 1
