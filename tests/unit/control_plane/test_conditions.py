import pytest

from shared.control_plane.resource_table import WriteConditions
from shared.errors import PreconditionFailedError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("conditions", "etag", "holds"),
    [
        (WriteConditions(), None, True),
        (WriteConditions(), "1", True),
        (WriteConditions(if_match="*"), "1", True),
        (WriteConditions(if_match="*"), None, False),
        (WriteConditions(if_match="1"), "1", True),
        (WriteConditions(if_match="2, 1"), "1", True),
        (WriteConditions(if_match="2"), "1", False),
        (WriteConditions(if_none_match="*"), None, True),
        (WriteConditions(if_none_match="*"), "1", False),
        (WriteConditions(if_none_match="1"), "2", True),
        (WriteConditions(if_none_match="1"), "1", False),
    ],
)
def test_conditions_are_those_of_http(conditions: WriteConditions, etag: str | None, holds: bool) -> None:
    if holds:
        conditions.check(etag, "compute 'a'")
    else:
        with pytest.raises(PreconditionFailedError, match="compute 'a'"):
            conditions.check(etag, "compute 'a'")
