import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import ColSpec, Schema, TensorSpec  # noqa: E402 (below the mark that its warnings need)

from scorer_container.driver.tables.images import image_input  # noqa: E402 (as above)
from scorer_container.driver.tables.pixels import ImageError  # noqa: E402 (as above)

GRAY = np.arange(0, 240, 16, dtype="uint8").reshape(3, 5)
"""3 high and 5 wide."""
COLOURS = np.stack([GRAY, GRAY + 5, GRAY[::-1]], axis=2)


def tensor(dtype: str, *shape: int, name: str | None = None) -> Schema:
    return Schema([TensorSpec(np.dtype(dtype), shape, name)])


def saved(pixels: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    content = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(content, kind, **options)
    return content.getvalue()


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, schema: Schema | None = None):
        path = tmp_path / "image"
        path.write_bytes(content)
        return image_input(str(path), schema)

    return read


def palette(colours: np.ndarray, **options) -> bytes:
    return saved(Image.fromarray(colours).quantize(16), **options)


def black_ink() -> bytes:
    none = np.zeros_like(GRAY)
    return saved(Image.fromarray(np.stack([none, none, none, 255 - GRAY], axis=2), "CMYK"), "TIFF")


GRAYS = {
    "gray": saved(GRAY),
    "palette": palette(np.stack([GRAY] * 3, axis=2)),
    "colour": saved(np.stack([GRAY] * 3, axis=2)),
    "opaque": saved(np.stack([GRAY] * 3 + [np.full_like(GRAY, 255)], axis=2)),
    "black ink": black_ink(),
}


@pytest.mark.parametrize("kind", GRAYS)
@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((-1, 3, 5, 1), GRAY[None, :, :, None]),
        ((-1, -1, -1, 1), GRAY[None, :, :, None]),
        ((-1, 1, 3, 5), GRAY[None, None]),
        ((1, 3, 5), GRAY[None]),
        ((3, 5, 1), GRAY[:, :, None]),
        ((3, 5), GRAY),
        ((-1, 15), GRAY.reshape(1, 15)),
        ((-1, -1, -1, 3), np.stack([GRAY] * 3, axis=2)[None]),
        ((-1, 45), np.stack([GRAY] * 3, axis=2).reshape(1, 45)),
    ],
)
def test_a_gray_image_of_any_kind_is_one_row_of_its_pixels_in_every_shape(read, kind, shape, expected):
    array = read(GRAYS[kind], tensor("uint8", *shape))
    assert array.shape == expected.shape
    assert array.dtype == np.uint8
    assert np.array_equal(array, expected)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_pixels_keep_their_numbers_in_every_type(read, dtype):
    array = read(saved(COLOURS), tensor(dtype, -1, 3, 5, 3))
    assert (array.dtype, array.tolist()) == (np.dtype(dtype), [COLOURS.tolist()])


def test_the_channels_are_those_that_the_signature_asks_for(read):
    transparent = np.dstack([COLOURS, GRAY])
    assert np.array_equal(read(palette(COLOURS), tensor("uint8", -1, -1, -1, 3)), COLOURS[None])
    assert np.array_equal(read(saved(transparent), tensor("uint8", -1, -1, -1, 4)), transparent[None])
    assert np.array_equal(read(saved(transparent), tensor("uint8", -1, -1, -1, -1)), transparent[None])
    assert np.array_equal(read(saved(COLOURS), tensor("uint8", -1, 3, 5, 4))[..., 3], np.full((1, 3, 5), 255))
    assert np.array_equal(read(saved(COLOURS), tensor("uint8", -1, 3, 5, 3, name="x"))["x"], COLOURS[None])
    batch = read(palette(COLOURS), tensor("O", -1))
    assert (batch.shape, batch[0].tolist()) == ((1,), COLOURS.tolist())


def test_without_a_signature_an_image_is_a_batch_of_one_as_it_is(read):
    assert np.array_equal(read(saved(GRAY)), GRAY[None])
    assert np.array_equal(read(palette(COLOURS)), COLOURS[None])
    deep = read(saved(GRAY.astype("uint16") * 256))
    assert (deep.dtype, deep.tolist()) == (np.dtype("uint16"), [(GRAY.astype("uint16") * 256).tolist()])
    bits = GRAY > 100
    assert np.array_equal(read(saved(bits)), np.where(bits, 255, 0)[None])


def test_deep_images_keep_their_numbers(read):
    deep = GRAY.astype("uint16") * 256
    for kind, pixels in (("PNG", deep), ("TIFF", deep), ("TIFF", deep.astype("int32")), ("TIFF", deep / 7)):
        content = saved(pixels.astype("float32") if pixels.dtype == float else pixels, kind)
        assert np.array_equal(read(content, tensor("float32", -1, 3, 5, 1))[0, :, :, 0], pixels.astype("float32"))


def test_a_table_of_one_binary_column_gets_the_bytes_of_the_file(read):
    frame = read(saved(GRAY), Schema([ColSpec("binary", "image")]))
    assert frame["image"].iloc[0] == saved(GRAY)


def test_orientation_and_further_pictures_of_a_photo_change_nothing(read):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read(saved(COLOURS, "JPEG", exif=exif)).shape == (1, 3, 5, 3)
    photo = saved(COLOURS, "MPO", save_all=True, append_images=[Image.fromarray(COLOURS[::-1])])
    assert read(photo).shape == (1, 3, 5, 3)


def png16(samples: int) -> bytes:
    """A PNG of 16 bits in each of 2 (gray and alpha), 3 or 4 channels, which Pillow cannot write."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 1, 1, 16, {2: 4, 3: 2, 4: 6}[samples], 0, 0, 0)
    rows = zlib.compress(b"\0" + struct.pack(f">{samples}H", *range(258, 258 + samples)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff(bits: int, samples: int, sample_format: int) -> bytes:
    """A TIFF of one pixel, in what Pillow cannot write."""
    entries = [
        (256, 3, 1, 1),
        (257, 3, 1, 1),
        (258, 3, 1, bits),
        (259, 3, 1, 1),
        (262, 3, 1, 2 if samples > 1 else 1),
        (273, 5, 1, 200),
        (277, 3, 1, samples),
        (279, 4, 1, bits // 8 * samples),
        (339, 3, 1, sample_format),
    ]
    if samples > 1:
        entries[2] = (258, 3, samples, 180)
    if samples > 3:
        entries.insert(-1, (338, 3, samples - 3, 0))
    fields = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = (b"II*\0" + struct.pack("<IH", 8, len(entries)) + fields + bytes(4)).ljust(180, b"\0")
    return (head + struct.pack(f"<{samples}H", *[bits] * samples)).ljust(200, b"\0") + bytes(range(1, 65))


def frames(kind: str) -> bytes:
    return saved(GRAY, kind, save_all=True, append_images=[Image.fromarray(GRAY[::-1])])


@pytest.mark.parametrize(
    ("content", "asked", "message"),
    [
        (saved(GRAY.T), (-1, 3, 5, 1), r"5 pixels high and 3 wide, .*\(-1, 3, 5, 1\)"),
        (saved(GRAY.reshape(5, 3)[:2]), (-1, 3, 5, 1), "2 pixels high and 3 wide"),
        (saved(GRAY), (-1, 3, 5, 3, 1), "asks for the shape"),
        (saved(GRAY), (-1,), "asks for the shape"),
        (saved(COLOURS), (-1, 3, 3, 4), "3 pixels high and 5 wide"),
        (saved(COLOURS), (-1, 3, 224, 224), "height, width, channels"),
        (saved(GRAY), (8, 3, 5, 1), "asks for the shape"),
        (saved(GRAY), (-1, 13), "3 pixels high and 5 wide"),
        (saved(COLOURS), (-1, 3, 5, 1), r"in colours \(RGB\) and the model's signature asks for gray"),
        (saved(np.dstack([COLOURS, GRAY])), (-1, 3, 5, 3), "in colours with transparency"),
        (saved(np.dstack([GRAY, GRAY])), (-1, 3, 5, 1), "gray with transparency"),
        (palette(COLOURS, transparency=3), (-1, 3, 5, 3), "in colours with transparency"),
        (saved(COLOURS, transparency=(0, 5, 160)), (-1, 3, 5, 3), "in colours with transparency"),
        (saved(GRAY, transparency=16), (-1, 3, 5, 1), "gray with transparency"),
        (saved(Image.fromarray(COLOURS).convert("CMYK"), "JPEG"), (-1, 3, 5, 3), "CMYK"),
        (saved(Image.fromarray(COLOURS).convert("LAB"), "TIFF"), (-1, 3, 5, 3), "LAB"),
        (saved(GRAY.astype("uint16") * 256), (-1, 3, 5, 1), "4096 cannot be uint8 without changing"),
        (saved(GRAY.astype("uint16") * 256), (-1, 3, 5, 3), "asks for in colours"),
        (saved(GRAY.astype("float32") / 7, "TIFF"), (-1, 3, 5, 1), "cannot be uint8 without changing"),
        (png16(2), (-1, -1, -1, -1), "more bits or channels"),
        (png16(3), (-1, -1, -1, 3), "more bits or channels"),
        (png16(4), (-1, -1, -1, 4), "more bits or channels"),
        (tiff(16, 3, 1), (-1, -1, -1, 3), "more bits or channels"),
        (tiff(8, 5, 1), (-1, -1, -1, 3), "more bits or channels"),
        (tiff(32, 1, 1), (-1, -1, -1, 1), "more bits or channels"),
        (frames("GIF"), (-1, 3, 5, 1), "holds 2 images"),
        (frames("TIFF"), (-1, 3, 5, 1), "holds 2 images"),
        (frames("PNG"), (-1, 3, 5, 1), "holds 2 images"),
        (frames("WEBP"), (-1, 3, 5, 3), "holds 2 images"),
        (saved(np.zeros((99, 99), "uint8"), "TIFF")[:900], (-1, 99, 99, 1), "cannot be read|no image"),
        (saved(GRAY)[:-30], (-1, 3, 5, 1), "cannot be read"),
        (b"no image", (-1, 3, 5, 1), "no image that Pillow can read"),
        (b"", (-1, 3, 5, 1), "no image that Pillow can read"),
        (saved(GRAY, "PPM"), (-1, 3, 5, 1), "PPM"),
    ],
)
def test_an_image_that_would_change_is_refused(read, content, asked, message):
    with pytest.raises(ImageError, match=message):
        read(content, tensor("uint8", *asked))


def test_signatures_that_no_image_fits_say_so(read):
    with pytest.raises(ImageError, match="asks for a table"):
        read(saved(GRAY), Schema([ColSpec("double", "x")]))
    two = Schema([TensorSpec(np.dtype("uint8"), (-1, 3, 5, 1), name) for name in "ab"])
    with pytest.raises(ImageError, match="has 2 tensors"):
        read(saved(GRAY), two)


def test_a_bomb_and_a_missing_library_are_named(read, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    with pytest.raises(ImageError, match=r"15 pixels.*smaller images"):
        read(saved(GRAY))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImageError, match="no Pillow"):
        read(GRAYS["gray"])
