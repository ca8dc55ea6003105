"""What storage answers when it refuses a call."""


class StorageFault(Exception):  # noqa: N818 - an answer, not an error of ours
    """An error answer of the storage service."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class Silence(Exception):  # noqa: N818 - as above
    """No usable answer. Whether the call has worked is unknown."""
