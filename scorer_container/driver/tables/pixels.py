"""Reads image files as arrays of their pixels."""

from typing import Any, Optional

from ..values.exact_cast import InexactError

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name for the pixels that a number of channels stands for."""

_FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF", "WEBP")
_DEEP_GRAY = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_TIFF_BITS, _TIFF_SAMPLES, _TIFF_SAMPLE_FORMAT, _SIGNED = 258, 277, 339, 2


class ImageError(InexactError):
    """An image whose pixels cannot reach the model as they are."""


class ImageFile:
    """The one image in a file, decoded. Its size and its pixels are those of the file: EXIF turns nothing."""

    def __init__(self, path: str) -> None:
        """Read the file at `path`; raises ImageError."""
        try:
            from PIL import Image
        except ImportError:
            raise ImageError(
                "the model's environment has no Pillow, which reads images: add `pillow` to its requirements"
            ) from None
        try:
            with Image.open(path) as image:
                _refuse_losses(image)
                self._image = _without_palette(image)
        except Image.DecompressionBombError as error:
            raise ImageError("{}: give smaller images, or use a scoring script".format(error)) from None
        except Image.UnidentifiedImageError:
            raise ImageError("the file holds no image that Pillow can read") from None
        except (OSError, SyntaxError, EOFError) as error:  # Pillow's words for a damaged file
            raise ImageError("the image cannot be read: {}".format(error)) from None

    @property
    def width(self) -> int:
        """Return the pixels in a row."""
        return int(self._image.size[0])

    @property
    def height(self) -> int:
        """Return the number of rows of pixels."""
        return int(self._image.size[1])

    def pixels(self, channels: Optional[int] = None) -> Any:
        """The pixels as an array (height, width, channels); None: with the channels that the file has.

        Raises ImageError where other channels than the file's would lose or invent something.
        """
        import numpy

        image = self._image if channels is None else _in_mode(self._image, channels)
        array = numpy.array(image)
        native = array.astype(array.dtype.newbyteorder("="))
        return native if native.ndim == 3 else native[:, :, numpy.newaxis]


def _refuse_losses(image: Any) -> None:
    """Refuse what Pillow would leave out without a word: further images, low bits, further channels."""
    if image.format not in _FORMATS:
        raise ImageError("the file holds a {} image, whose own ending is not accepted".format(image.format))
    if _keeps_less(image):
        raise ImageError(
            "the image has more bits or channels than Pillow can decode ({}): use a scoring script".format(image.mode)
        )
    # A JPEG with a preview or a second view (MPO) has one main image, which is the first.
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise ImageError("the file holds {} images; one is accepted: split it, or use a scoring script".format(frames))


def _keeps_less(image: Any) -> bool:
    tags = getattr(image, "tag_v2", None)
    if image.format != "TIFF" or tags is None:
        args = image.tile[0][3] if image.tile else ""
        raw = args if isinstance(args, str) or not args else args[0]
        return image.mode not in _DEEP_GRAY and str(raw).endswith(";16B")
    kept = 8 if image.mode not in _DEEP_GRAY else 16
    if image.mode == "F":
        kept = 32
    if image.mode == "I":
        kept = 32 if tags.get(_TIFF_SAMPLE_FORMAT, (1,))[0] == _SIGNED else 31
    return bool(max(tags.get(_TIFF_BITS, (1,))) > kept or tags.get(_TIFF_SAMPLES, 1) > len(image.getbands()))


def _without_palette(image: Any) -> Any:
    """The image with colours in place of a palette's numbers and transparency in place of a mark; bits as 0 and 255."""
    if image.mode == "1":
        return _marked(image.convert("L"), image)
    if image.mode in ("P", "PA"):
        return _opaque(image.convert("RGBA"), "RGB")
    image.load()
    return _marked(image, image)


def _marked(pixels: Any, image: Any) -> Any:
    """`pixels` with the colour that the file marks as transparent, if any is in use."""
    if "transparency" not in image.info:
        return pixels
    if pixels.mode not in ("L", "RGB"):
        raise ImageError("the image has a transparent colour, which its mode {} cannot show".format(image.mode))
    return _opaque(image.convert("LA" if image.mode == "L" else "RGBA"), pixels.mode)


def _opaque(image: Any, mode: str) -> Any:
    """The image in a mode without transparency where all of it is opaque."""
    return image.convert(mode) if image.getchannel("A").getextrema() == (255, 255) else image


def _in_mode(image: Any, channels: int) -> Any:
    """The image with other channels, such that it could be led back; raises ImageError."""
    mode = MODES[channels]
    if image.mode == mode or (channels == 1 and image.mode in _DEEP_GRAY):
        return image
    converted = _converted(image, mode)
    if converted is None:
        raise ImageError(
            "the image is {} and the model's signature asks for {}, which would lose some of it: convert the images "
            "as the model was trained, or use a scoring script".format(_words(image.mode), _words(mode))
        )
    return converted


def _converted(image: Any, mode: str) -> Any:
    from PIL import ImageChops

    if image.mode == "CMYK":  # the colours of inks depend on a profile; black ink alone is gray
        has_colours = any(high for _, high in image.getextrema()[:3])
        return None if has_colours else ImageChops.invert(image.getchannel("K")).convert(mode)
    try:
        converted = image.convert(mode)
        back = converted.convert(image.mode)
    except ValueError:  # Pillow knows no such conversion
        return None
    return converted if back.tobytes() == image.tobytes() else None


def _words(mode: str) -> str:
    known = {"L": "gray", "LA": "gray with transparency", "RGB": "in colours", "RGBA": "in colours with transparency"}
    return "{} ({})".format(known.get(mode, "of another kind"), mode)
