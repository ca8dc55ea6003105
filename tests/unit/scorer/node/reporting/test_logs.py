import asyncio
from contextlib import asynccontextmanager

import pytest

from scorer_container.node.reporting.logs import JobLogs
from scorer_container.node.storage.errors import StorageConflictError, StorageRefusedError
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit

NODE = "1/logs/sys/node/node-1/node.txt"
MIB = 1 << 20


class AppendBlobs:
    """Append blobs in memory. `troubles` says what the next appends meet."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.appended_at: list[float] = []
        self.troubles: list[str] = []
        self.hanging = asyncio.Event()

    async def create_append_blob(self, _container: str, name: str) -> None:
        self.blobs.setdefault(name, b"")

    async def length(self, _container: str, name: str) -> int:
        return len(self.blobs[name])

    async def append(self, _container: str, name: str, data: bytes, *, position: int) -> int:
        trouble = self.troubles.pop(0) if self.troubles else ""
        self.appended_at.append(loop().time() - 1000)
        if trouble == "refused":
            raise StorageRefusedError("no", status=403, storage_code="")
        if position != len(self.blobs[name]):
            raise StorageConflictError(name)
        if trouble == "hangs":
            await asyncio.sleep(3600)
        self.blobs[name] += data
        if trouble == "answer lost":  # and the retry finds the longer blob
            raise StorageConflictError(name)
        if trouble == "hangs afterwards":
            await asyncio.sleep(3600)
        return len(self.blobs[name])


@asynccontextmanager
async def written(blobs: AppendBlobs):
    """Logs whose activity runs."""
    logs = JobLogs(blobs, "1", "node-1")  # type: ignore[arg-type]
    activity = asyncio.ensure_future(logs.run())
    yield logs
    activity.cancel()


def test_lines_appear_soon_and_later_ones_every_two_seconds() -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        async with written(blobs) as logs:
            await asyncio.sleep(10)
            for number in range(40):
                logs.node.line(f"line {number}")
                await asyncio.sleep(0.1)
            await asyncio.sleep(10)
        assert blobs.appended_at == pytest.approx([10.5, 12.5, 14.5], abs=0.51)
        lines = blobs.blobs[NODE].decode().splitlines()
        assert [line.split(" ", 1)[1] for line in lines] == [f"line {number}" for number in range(40)]

    run(write())


def test_each_process_has_its_files_and_silent_ones_have_none() -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        logs = JobLogs(blobs, "1", "node-1")  # type: ignore[arg-type]
        logs.stdout(0).write(b"out")
        logs.stderr(12).write(b"err")
        logs.errors(0).line("lone surrogate: \ud800")
        _ = logs.node
        await logs.flush()
        assert blobs.blobs.keys() == {
            "1/logs/user/stdout/node-1/process000.stdout.txt",
            "1/logs/user/stderr/node-1/process012.stderr.txt",
            "1/logs/user/error/node-1/process000.txt",
        }
        assert blobs.blobs["1/logs/user/error/node-1/process000.txt"].endswith(b"lone surrogate: \\ud800\n")

    run(write())


@pytest.mark.parametrize(("trouble", "expected"), [("answer lost", b"onetwo"), ("refused", b"two")])
def test_an_append_whose_answer_was_lost_is_not_doubled(trouble: str, expected: bytes) -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        logs = JobLogs(blobs, "1", "node-1")  # type: ignore[arg-type]
        blobs.troubles = [trouble]
        logs.node.write(b"one")
        await logs.flush()
        logs.node.write(b"two")
        await logs.flush()
        assert blobs.blobs[NODE].endswith(expected)
        assert blobs.blobs[NODE].count(b"one") == expected.count(b"one")

    run(write())


def test_what_storage_refuses_is_lost_but_the_file_says_so() -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        logs = JobLogs(blobs, "1", "node-1")  # type: ignore[arg-type]
        blobs.troubles = ["", "refused", "refused"]
        for text in (b"first\n", b"four", b"five", b"last\n", b"more\n"):
            logs.node.write(text)
            await logs.flush()
        assert blobs.blobs[NODE] == (b"first\n\n[8 bytes are missing here: storage did not take them]\nlast\nmore\n")

    run(write())


def test_an_earlier_life_of_the_node_wrote_to_the_same_file() -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        blobs.blobs[NODE] = b"before\n"
        logs = JobLogs(blobs, "1", "node-1")  # type: ignore[arg-type]
        logs.node.write(b"one\n")
        await logs.flush()
        blobs.blobs[NODE] += b"somebody else's\n"
        logs.node.write(b"two\n")
        await logs.flush()
        assert blobs.blobs[NODE] == b"before\none\nsomebody else's\ntwo\n"

    run(write())


@pytest.mark.parametrize("trouble", ["hangs", "hangs afterwards"])
def test_an_append_that_was_cut_off_by_the_end_of_the_job_is_finished_by_the_last_flush(trouble: str) -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        blobs.troubles = [trouble]
        async with written(blobs) as logs:
            logs.node.write(b"one")
            await asyncio.sleep(5)
            logs.node.write(b"two")
        await asyncio.sleep(0)
        await logs.flush()
        assert blobs.blobs[NODE] == b"onetwo"

    run(write())


def test_who_writes_faster_than_storage_takes_is_told_to_wait_until_there_is_room() -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        async with written(blobs) as logs:
            file = logs.stdout(0)
            assert file.write(bytes(8 * MIB)) is None
            room = file.write(b"x")
            assert room is not None
            assert room is file.write(b"y")
            began = loop().time()
            await room
            assert loop().time() - began < 1, "it is written at once"
            assert file.write(b"z") is None
            await logs.flush()
        (content,) = blobs.blobs.values()
        assert content == bytes(8 * MIB) + b"xyz"

    run(write())


def test_room_comes_also_when_storage_refuses() -> None:
    async def write() -> None:
        blobs = AppendBlobs()
        blobs.troubles = ["refused"] * 100
        async with written(blobs) as logs:
            room = logs.stdout(0).write(bytes(20 * MIB))
            assert room is not None
            await asyncio.wait_for(room, 60)

    run(write())
