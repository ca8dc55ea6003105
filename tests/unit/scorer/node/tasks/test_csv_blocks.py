import asyncio
from typing import Any

import pytest

from scorer_container.node.tasks.columns import ColumnsClaim, CsvBlocks
from shared.contracts.job_spec import OutputSpec
from shared.storage.output_ledger import NO_HEADER, header_digest
from tests.unit.scorer.node.processes.scripted_process import PLACE
from tests.unit.scorer.node.stored import MemoryBlobs
from tests.unit.scorer.node.tasks.scored_tasks import scored
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

OUTPUT = OutputSpec(folder=PLACE, file_name="predictions.csv")


async def blocks(columns: list[str] | None) -> tuple[MemoryBlobs, CsvBlocks]:
    blobs = MemoryBlobs()
    claim: Any = ColumnsClaim(blobs, "job")
    await claim.agree({"columns": columns})
    return blobs, CsvBlocks(blobs, OUTPUT, claim)


def test_rows_carry_the_digest_of_their_header_which_is_staged_before_them_and_again_later() -> None:
    async def work() -> None:
        blobs, csv = await blocks(["a", "b"])
        block, rows = await csv.stage(await scored(rows=[b"1,2\n"]))
        assert block.digest == header_digest(b"a,b\n")
        rows.seek(0)
        assert rows.read() == b"1,2\n"
        (staged,) = blobs.staged[OUTPUT.file_path].values()
        assert staged == b"a,b\n"
        await csv.stage(await scored(rows=[b"1,2\n"]))
        assert blobs.calls.count("stage_block") == 1
        await asyncio.sleep(3)
        await csv.stage(await scored(rows=[b"1,2\n"]))
        assert blobs.calls.count("stage_block") == 2

    run(work())


def test_rows_without_named_columns_need_no_header() -> None:
    async def work() -> None:
        blobs, csv = await blocks(None)
        block, _ = await csv.stage(await scored(rows=[b"1\n"]))
        assert (block.digest, blobs.staged) == (NO_HEADER, {})

    run(work())
