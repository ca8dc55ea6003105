"""Writes images of handwritten digits into `images/`, from scikit-learn's digits, in MNIST's size.

The name of a file says which digit is in it: `0017-is-7.png`.
"""

import sys
from os.path import relpath
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
COUNT = 100


def main(count: int) -> None:
    folder = HERE / "images"
    folder.mkdir(exist_ok=True)
    digits = load_digits()
    for number in range(count):
        picture = as_in_mnist(digits.images[number] / 16)
        Image.fromarray(picture).save(folder / f"{number:04}-is-{digits.target[number]}.png")
    print(f"wrote {count} images to {relpath(folder)}")


def as_in_mnist(small: np.ndarray) -> np.ndarray:
    """An 8 x 8 digit with values 0 to 1 as one of 28 x 28: thin strokes, the centre of mass in the middle."""
    large = Image.fromarray((small * 255).astype(np.uint8)).resize((18, 20), Image.Resampling.BICUBIC)
    image = np.pad((np.asarray(large) / 255) ** 2, ((4, 4), (5, 5)))
    rows, columns = np.indices(image.shape)
    off = [round(13.5 - float((image * place).sum() / image.sum())) for place in (rows, columns)]
    return (np.roll(image, off, (0, 1)) * 255).astype(np.uint8)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
