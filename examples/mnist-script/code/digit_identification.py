"""Recognises handwritten digits with the weights of a small network, in plain numpy."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

LAYERS = (("h1", 784, 300), ("h2", 300, 100), ("output", 100, 10))

weights = {}


def init():
    """Read the weights: for each layer 32-bit floats, first the biases, then the matrix."""
    file = Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "mnist-tf.model.data-00000-of-00001"
    numbers = np.fromfile(file, dtype="<f4")
    for layer, inputs, outputs in LAYERS:
        bias, matrix, numbers = np.split(numbers, [outputs, outputs + inputs * outputs])
        weights[layer] = (matrix.reshape(inputs, outputs), bias)
    print(f"read {sum(matrix.size for matrix, _ in weights.values())} weights", flush=True)


def run(mini_batch):
    """One line for each image: its name and the digit in it."""
    return [f"{Path(file).name},{digit(file)}" for file in mini_batch]


def digit(file):
    image = Image.open(file).convert("L")
    if image.size != (28, 28):
        raise ValueError(f"{Path(file).name} has {image.size[0]} x {image.size[1]} pixels; 28 x 28 are needed")
    values = np.asarray(image, dtype=np.float32).reshape(784) / 255
    for layer, _, _ in LAYERS:
        matrix, bias = weights[layer]
        values = values @ matrix + bias
        if layer != "output":
            values = np.maximum(values, 0)
    return int(values.argmax())
