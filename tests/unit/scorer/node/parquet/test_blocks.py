import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from scorer_container.node.parquet.blocks import ParquetBlocks, parquet_block
from scorer_container.node.storage.errors import StorageRefusedError
from scorer_container.node.tasks.columns import ColumnsClaim
from shared.errors import ConflictError
from shared.storage.blobs import row_groups_name
from shared.storage.row_groups import BlockRowGroups, FooterBuilder, lines_of
from tests.unit.scorer.node.stored import MemoryBlobs
from tests.unit.scorer.node.tasks.scored_tasks import JOB, scored
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

COLUMNS = ["name", "score", "vector", "seen"]
TYPES = ["text", "float64", "list<float32>", "timestamp_utc"]


def line(*rows):
    return json.dumps(list(zip(*rows, strict=True))).encode() + b"\n"


def merged(*tasks):
    """The file that the merge makes of the blocks of these tasks, each given as its results' lines."""
    builder, content = FooterBuilder(), b""
    for number, results in enumerate(tasks):
        block = parquet_block(results, COLUMNS, TYPES)
        block.content.seek(0)
        content += block.content.read()
        rows = sum(len(json.loads(result)[0]) for result in results)
        captured = BlockRowGroups(f"t{number}", block.length, rows, block.footer.schema, block.footer.row_groups)
        builder.add(BlockRowGroups.from_line(captured.to_line()))
    return content + builder.footer()


def test_blocks_become_one_file_with_all_rows_in_order():
    rows = [[f"r{n}", n / 3 if n % 4 else None, [n, 0.5], n * 1_000_000] for n in range(40)]
    file = merged(*([line(*rows[n : n + 1]), line(*rows[n + 1 : n + 2])] for n in range(0, 40, 2)))
    read = parquet.ParquetFile(io.BytesIO(file), pre_buffer=False)
    assert read.metadata.num_row_groups == 20
    table = read.read()
    assert table.column("name").to_pylist() == [row[0] for row in rows]
    assert table.column("score").to_pylist() == [row[1] for row in rows]
    assert table.column("vector").to_pylist() == [row[2] for row in rows]
    assert table.schema.field("seen").type == pa.timestamp("us", "UTC")
    assert parquet.read_table(io.BytesIO(file), filters=[("name", "==", "r7")]).num_rows == 1


@pytest.mark.parametrize(
    ("columns", "types"), [(["score", "name"], ["text", "text"]), (["name", "score"], ["text", "int64"])]
)
def test_blocks_with_other_columns_or_types_never_become_one_file(columns, types):
    builder = FooterBuilder()
    for number, (names, kinds) in enumerate([(["name", "score"], ["text", "text"]), (columns, types)]):
        block = parquet_block([line([None, None])], names, kinds)
        row_groups = BlockRowGroups(f"t{number}", block.length, 1, block.footer.schema, block.footer.row_groups)
        if number:
            with pytest.raises(ConflictError, match="storage lost the job's columns"):
                builder.add(row_groups)
        else:
            builder.add(row_groups)


def test_a_file_of_no_block_is_a_table_without_rows():
    assert parquet.read_table(io.BytesIO(FooterBuilder().footer())).num_rows == 0


def test_the_digest_tells_blocks_of_other_content_apart():
    digests = [parquet_block([line([name, 1.0, [], 0])], COLUMNS, TYPES).digest for name in ("a", "a", "b")]
    assert digests[0] == digests[1] != digests[2]


def test_lines_are_found_whatever_the_pieces():
    assert list(lines_of(iter([b"a", b"b\nc\n", b"", b"d\n"]))) == [b"ab", b"c", b"d"]


def _whole(file):
    file.seek(0)
    return file.read()


ROWS = [line(["r0", 0.5, [1, 0.5], 7]), line(["r1", 1.5, [], 8])]


def test_what_the_footer_needs_is_staged_before_the_rows() -> None:
    async def stage() -> None:
        blobs, task = MemoryBlobs(), await scored(rows=ROWS)
        columns = ColumnsClaim(blobs, JOB)
        await columns.agree({"columns": COLUMNS, "types": TYPES})
        block, content = await ParquetBlocks(blobs, JOB, columns).stage(task)
        with content:
            content.seek(0)
            expected = parquet_block(ROWS, COLUMNS, TYPES)
            assert (block.digest, content.read()) == (expected.digest, _whole(expected.content))
        ((block_id, text),) = blobs.staged[row_groups_name(JOB)].items()
        groups = BlockRowGroups.from_line(text)
        assert (block_id, groups.block_id, groups.rows) == (block.block_id, block.block_id, 2)

    run(stage())


def test_a_block_whose_footer_cannot_be_staged_leaves_no_open_file(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stage() -> None:
        made = parquet_block(ROWS, COLUMNS, TYPES)
        monkeypatch.setattr("scorer_container.node.parquet.blocks.parquet_block", lambda *_: made)
        blobs, task = MemoryBlobs(), await scored(rows=ROWS)
        columns = ColumnsClaim(blobs, JOB)
        await columns.agree({"columns": COLUMNS, "types": TYPES})
        blobs.fail["stage_block"] = [StorageRefusedError("no", status=403, storage_code="")]
        with pytest.raises(StorageRefusedError):
            await ParquetBlocks(blobs, JOB, columns).stage(task)
        assert made.content.closed

    run(stage())
