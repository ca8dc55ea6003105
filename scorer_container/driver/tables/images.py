"""Reads images as the input of a model."""

import os
from typing import Any, NamedTuple, Optional, Tuple

from ..values.exact_cast import InexactError, cast_exactly
from .pixels import MODES, ImageError, ImageFile

IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp")

Shape = Tuple[int, ...]


class _Layout(NamedTuple):
    """How a tensor of one shape holds one image. -1 stands for any number."""

    axes: str
    """In their order; N: the batch of one image, H: height, W: width, C: channels, P: all pixels in a row."""
    height: int = -1
    width: int = -1
    channels: Optional[int] = None
    """None: those of the image."""


def is_image(name: str) -> bool:
    """Return True if a file of this name is read as an image."""
    return os.path.splitext(name.lower())[1] in IMAGES


def image_input(path: str, schema: Any) -> Any:
    """The image at `path` for the signature's input schema (or None).

    A tensor gets the pixels in its type and shape; a table of one `binary` column gets the file's bytes; without a
    signature it is a batch of one image as it is. Raises ImageError where the pixels do not fit the signature.
    """
    if schema is not None and not schema.is_tensor_spec():
        return _bytes_frame(path, schema)
    if schema is None:
        return _squeezed(ImageFile(path).pixels())[None]
    if len(schema.inputs) != 1:
        raise ImageError("the model's signature has {} tensors; an image gives one".format(len(schema.inputs)))
    tensor = schema.inputs[0]
    array = _tensor(ImageFile(path), tensor.type, tuple(tensor.shape))
    return {tensor.name: array} if tensor.name else array


def _tensor(image: ImageFile, dtype: Any, shape: Shape) -> Any:
    import numpy

    if shape == (-1,) and dtype.kind == "O":
        batch: Any = numpy.empty(1, dtype=object)
        batch[0] = _squeezed(image.pixels())
        return batch
    layout = _layout(shape)
    if (layout.height, layout.width) not in {
        (height, width) for height in (-1, image.height) for width in (-1, image.width)
    }:
        raise _misfit(image, shape)
    channels = _flat_channels(image, shape) if layout.axes == "NP" else layout.channels
    array = _arranged(_cast(image.pixels(channels), dtype), layout.axes)
    if any(asked not in (-1, given) for asked, given in zip(shape, array.shape)):
        raise _misfit(image, shape)
    return array


def _cast(pixels: Any, dtype: Any) -> Any:
    try:
        return cast_exactly(pixels, dtype)
    except InexactError as error:
        raise ImageError("a pixel of the image, which holds {}: {}".format(pixels.dtype, error)) from None


def _layout(shape: Shape) -> _Layout:
    """The one way to read a shape; raises ImageError where there is none, or more than one."""
    one = shape[:1] in ((-1,), (1,))
    last = shape[-1] if shape else 0
    if len(shape) == 4 and one and (last in MODES or last == -1):
        return _Layout("NHWC", shape[1], shape[2], None if last == -1 else last)
    if len(shape) == 4 and one and shape[1] == 1:
        return _Layout("NCHW", shape[2], shape[3], 1)
    if len(shape) == 3 and last in MODES:
        return _Layout("HWC", shape[0], shape[1], last)
    if len(shape) == 3 and one:
        return _Layout("NHW", shape[1], shape[2], 1)
    if len(shape) == 2 and one:
        return _Layout("NP")
    if len(shape) == 2:
        return _Layout("HW", shape[0], shape[1], 1)
    raise ImageError(
        "the model's signature asks for the shape {}; an image gives (1, height, width, channels) with 1, 3 or 4 "
        "channels: use a scoring script".format(shape)
    )


def _flat_channels(image: ImageFile, shape: Shape) -> Optional[int]:
    """The channels with which all numbers of the image are as many as a flat tensor takes."""
    if shape[1] == -1:
        return None
    for channels in MODES:
        if channels * image.height * image.width == shape[1]:
            return channels
    raise _misfit(image, shape)


def _arranged(pixels: Any, axes: str) -> Any:
    if axes in ("NHW", "HW"):
        pixels = pixels[:, :, 0]
    elif axes == "NCHW":
        pixels = pixels.transpose(2, 0, 1)
    elif axes == "NP":
        pixels = pixels.reshape(-1)
    return pixels[None] if axes.startswith("N") else pixels


def _squeezed(pixels: Any) -> Any:
    """Without an axis for the one channel of a gray image."""
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def _misfit(image: ImageFile, shape: Shape) -> ImageError:
    return ImageError(
        "the image is {} pixels high and {} wide, which is not the shape {} of the model's signature: bring the "
        "images to the model's size, or use a scoring script".format(image.height, image.width, shape)
    )


def _bytes_frame(path: str, schema: Any) -> Any:
    columns = schema.inputs
    if len(columns) != 1 or getattr(columns[0].type, "name", "") != "binary":
        raise ImageError("the model's signature asks for a table, so it cannot score images")
    import pandas

    with open(path, "rb") as file:
        return pandas.DataFrame({columns[0].name or 0: [file.read()]})
