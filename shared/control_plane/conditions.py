"""What a writer demands of the state that it changes: `If-Match` and `If-None-Match`."""

from dataclasses import dataclass

from shared.errors import PreconditionFailedError


@dataclass(frozen=True)
class WriteConditions:
    """Conditions of a write, as HTTP spells them; empty: none."""

    if_match: str = ""
    """An ETag, several separated by commas, or `*`: there must be one."""
    if_none_match: str = ""
    """`*`: there must be none yet; or ETags that must not be the current one."""

    def check(self, etag: str | None, label: str) -> None:
        """Compare with the current ETag (None: there is no resource); raises PreconditionFailedError."""
        if self.if_match and not _matches(self.if_match, etag):
            state = "has changed since it was read" if etag else "does not exist"
            raise PreconditionFailedError(f"{label} {state} (If-Match: {self.if_match})")
        if self.if_none_match and _matches(self.if_none_match, etag):
            raise PreconditionFailedError(f"{label} exists (If-None-Match: {self.if_none_match})")


ANY_STATE = WriteConditions()
"""No demands."""


def _matches(header: str, etag: str | None) -> bool:
    if etag is None:
        return False
    return header.strip() == "*" or etag in {tag.strip() for tag in header.split(",")}
