"""Tables as the tensors that a model's signature asks for."""

from typing import Any, List


def tensor_input(frame: Any, tensors: List[Any]) -> Any:
    """The table as one array, or as a dictionary of arrays where the signature names its tensors."""
    if len(tensors) == 1 and not tensors[0].name:
        values = frame.to_numpy(dtype=tensors[0].type)
        return values.reshape(tuple(tensors[0].shape))
    return {tensor.name: frame[tensor.name].to_numpy(dtype=tensor.type) for tensor in tensors}
