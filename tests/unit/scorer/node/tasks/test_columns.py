import asyncio

import pytest

from scorer_container.node.storage.errors import BlobGoneError
from scorer_container.node.tasks.columns import ColumnsClaim
from tests.unit.scorer.node.stored import MemoryBlobs
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

ONE, TWO = {"columns": ["a"]}, {"columns": ["b", "c"]}


def test_the_first_proposal_holds_for_all_nodes() -> None:
    async def agree() -> None:
        blobs = MemoryBlobs()
        first, second = ColumnsClaim(blobs, "1"), ColumnsClaim(blobs, "1")  # type: ignore[arg-type]
        assert await first.agree(ONE) == ONE
        assert await first.agree(TWO) == ONE
        assert await second.agree(TWO) == ONE
        assert await second.agreed() == ONE

    run(agree())


def test_processes_that_propose_at_the_same_time_agree() -> None:
    async def agree() -> None:
        claim = ColumnsClaim(MemoryBlobs(), "1")  # type: ignore[arg-type]
        one, two = await asyncio.gather(claim.agree(ONE), claim.agree(TWO))
        assert one == two
        assert await claim.agreed() == one

    run(agree())


def test_storage_is_asked_once() -> None:
    async def agree() -> None:
        blobs = MemoryBlobs()
        await ColumnsClaim(blobs, "1").agree(ONE)  # type: ignore[arg-type]
        claim = ColumnsClaim(blobs, "1")  # type: ignore[arg-type]
        for _ in range(3):
            assert await claim.agreed() == ONE
        assert blobs.calls == ["put", "read"]

    run(agree())


def test_before_the_first_result_nothing_is_agreed() -> None:
    with pytest.raises(BlobGoneError):
        run(ColumnsClaim(MemoryBlobs(), "1").agreed())  # type: ignore[arg-type]
