"""Images as the input of a model."""

from typing import Any


def image_input(path: str, schema: Any) -> Any:
    """The image at `path` for the signature's input schema (or None).

    A tensor gets the pixels in its type and shape; a table of one `binary` column gets the file's bytes; without a
    signature it is a batch of one image of `uint8`. Raises TypeError for a signature that is not for images.
    """
    if schema is not None and not schema.is_tensor_spec():
        return _bytes_frame(path, schema)
    import numpy
    from PIL import Image

    with Image.open(path) as image:
        pixels = numpy.array(image)
    if schema is None:
        return pixels.astype("uint8")[numpy.newaxis]
    if len(schema.inputs) != 1:
        raise TypeError("the model's signature has {} tensors; an image gives one".format(len(schema.inputs)))
    tensor = schema.inputs[0]
    shaped = _shaped(pixels, tensor, numpy)
    return {tensor.name: shaped} if tensor.name else shaped


def _shaped(pixels: Any, tensor: Any, numpy: Any) -> Any:
    shape = tuple(tensor.shape)
    if shape == (-1,):
        batch = numpy.empty(1, dtype=object)
        batch[0] = pixels.astype(tensor.type) if tensor.type.kind != "O" else pixels
        return batch
    try:
        return pixels.astype(tensor.type).reshape(shape)
    except ValueError:
        raise ValueError(
            "the image has the shape {}, which cannot become {} of the model's signature".format(pixels.shape, shape)
        ) from None


def _bytes_frame(path: str, schema: Any) -> Any:
    columns = schema.inputs
    if len(columns) != 1 or getattr(columns[0].type, "name", "") != "binary":
        raise TypeError("the model's signature asks for a table, so it cannot score images")
    import pandas

    with open(path, "rb") as file:
        return pandas.DataFrame({columns[0].name or 0: [file.read()]})
