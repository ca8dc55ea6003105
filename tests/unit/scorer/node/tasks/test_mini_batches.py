import asyncio
import json

import pytest

from scorer_container.node.tasks.mini_batches import MiniBatches
from shared.contracts.job_spec import WorkSize
from shared.storage.manifest import SHARD_FILES, shard_name
from tests.unit.scorer.node.processes.scripted_process import spec
from tests.unit.scorer.node.stored import UNAVAILABLE, Blob, MemoryBlobs
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

FILES = 6 * SHARD_FILES - 1
PATHS = [f"f{number}" for number in range(FILES)]


def listed(size: int = 7) -> tuple[MemoryBlobs, MiniBatches]:
    job = spec()
    blobs = MemoryBlobs()
    for shard in range(6):
        lines = (json.dumps(path) + "\n" for path in PATHS[shard * SHARD_FILES : (shard + 1) * SHARD_FILES])
        blobs.blobs[shard_name(job.job_id, shard)] = Blob("".join(lines).encode(), "e")
    work = WorkSize(files=FILES, mini_batch_size=size, mini_batches_per_task=1)
    return blobs, MiniBatches(blobs, job.model_copy(update={"work": work}))


@pytest.mark.parametrize("number", [0, 1, SHARD_FILES // 7, 2 * SHARD_FILES // 7, FILES // 7])
def test_a_mini_batch_is_a_range_of_the_manifest_also_across_its_parts(number: int) -> None:
    _, mini_batches = listed()
    batch = run(mini_batches.mini_batch(number))
    assert (batch.number, batch.files) == (number, PATHS[number * 7 : number * 7 + 7])


def test_a_part_is_read_once_for_all_who_want_it_at_the_same_time() -> None:
    async def work() -> None:
        blobs, mini_batches = listed(1)
        batches = await asyncio.gather(*(mini_batches.mini_batch(number) for number in range(50)))
        assert [batch.files for batch in batches] == [[path] for path in PATHS[:50]]
        assert blobs.calls == ["read"]

    run(work())


def test_a_part_that_could_not_be_read_is_read_by_the_next_one() -> None:
    async def work() -> None:
        blobs, mini_batches = listed(1)
        blobs.fail["read"] = [UNAVAILABLE]
        first, second = await asyncio.gather(
            *(mini_batches.mini_batch(number) for number in range(2)), return_exceptions=True
        )
        assert first is UNAVAILABLE
        assert second.files == [PATHS[1]]

    run(work())


def test_a_few_parts_are_kept() -> None:
    async def work() -> None:
        blobs, mini_batches = listed(1)
        for number in (0, SHARD_FILES, 0, 2 * SHARD_FILES, 3 * SHARD_FILES, 4 * SHARD_FILES, 0):
            await mini_batches.mini_batch(number)
        assert len(blobs.calls) == 5
        await mini_batches.mini_batch(SHARD_FILES)
        assert len(blobs.calls) == 6

    run(work())
