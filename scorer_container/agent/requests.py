"""What the node may ask for. The agent checks everything: a compromised node must not reach the machine."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OWN_IMAGE = ""
"""The node's own image, for deployments that name no image."""

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}")
_PATH = re.compile(r"/[A-Za-z0-9._@+/ -]+")
_KINDS = ("pull", "install", "score")


class BadRequestError(Exception):
    """The agent refuses the request; the message says why."""


@dataclass(frozen=True)
class Request:
    """One run of the engine."""

    kind: str
    """`pull` an image; `install` packages with uv inside it; `score`: run the driver inside it."""
    image: str = OWN_IMAGE
    command: tuple[str, ...] = ()
    """`install`: the arguments of uv; `score`: the interpreter, empty for the image's own `python`."""
    environment: dict[str, str] = field(default_factory=dict)
    read_only: tuple[Path, ...] = ()
    """Folders that the container sees at their own paths."""
    writable: tuple[Path, ...] = ()
    working_folder: Path | None = None

    @property
    def descriptors(self) -> int:
        """Return how many file descriptors come with it: standard output and error, and the two pipes of a driver."""
        return 4 if self.kind == "score" else 2

    @classmethod
    def parse(cls, data: bytes, root: Path) -> "Request":
        """Parse the request in a message. Raise BadRequestError, also for a folder that does not lie below `root`."""
        try:
            values: dict[str, Any] = json.loads(data)
            request = cls(
                kind=values["kind"],
                image=values.get("image", OWN_IMAGE),
                command=tuple(map(str, values.get("command", ()))),
                environment={str(name): str(value) for name, value in values.get("environment", {}).items()},
                read_only=tuple(_folder(path, root) for path in values.get("read_only", ())),
                writable=tuple(_folder(path, root) for path in values.get("writable", ())),
                working_folder=_folder(values["working_folder"], root) if values.get("working_folder") else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadRequestError(f"the request is not understood: {error!r}") from None
        request.check()
        return request

    def check(self) -> None:
        """Check the values; raise BadRequestError."""
        if self.kind not in _KINDS:
            raise BadRequestError(f"kind {self.kind!r} is not valid: use {', '.join(_KINDS)}")
        if self.image != OWN_IMAGE and not _IMAGE.fullmatch(self.image):
            raise BadRequestError(f"image {self.image!r} is not valid: use a reference such as registry/name:tag")
        for name in self.environment:
            if not name or "=" in name:
                raise BadRequestError(f"the name of the environment variable {name!r} is not valid")
        for text in (*self.command, *self.environment, *self.environment.values()):
            if "\0" in text or not _is_unicode(text):
                raise BadRequestError(f"the text {text[:40]!r} of the request holds what no argument can hold")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folder(text: str, root: Path) -> Path:
    """Check that the folder lies below `root`, that its path has no link, and that a mount option can hold it."""
    path = Path(text)
    if not _PATH.fullmatch(text) or not path.is_relative_to(root) or os.path.realpath(text) != text:
        raise BadRequestError(f"folder {text!r} is not valid: use a plain path below {root}")
    if not path.is_dir():
        raise BadRequestError(f"folder {text!r} does not exist")
    return path
