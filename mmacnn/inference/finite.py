# Copyright (c) mmacnn authors. All rights reserved.
"""Predictions that are no numbers, which must not read as those of a good image.

Comparisons with NaN are false: an anomaly score of NaN is not above its threshold, a
class of NaN is the first one, and a detector keeps no box of such a score.
"""

from collections.abc import Iterable, Iterator

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

NOT_FINITE = (
    'the model gave numbers that are NaN or infinite, expected finite ones; are its '
    'weights damaged, or too large for the precision that it runs in?'
)


def is_finite(values: object) -> bool:
    """Whether all floating-point numbers are finite, wherever they stand.

    Args:
        values: A tensor or a number, or lists, dicts and data elements of them.
    """
    return all(bool(tensor.isfinite().all()) for tensor in _tensors(values))


def _tensors(values: object) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        if values.is_floating_point():
            yield values
    elif isinstance(values, float):
        yield torch.tensor(values)
    elif isinstance(values, (dict, BaseDataElement)):
        for value in values.values():
            yield from _tensors(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors(value)


class WatchedHeads:
    """Notes, while in ``with``, whether heads of a model gave NaN or infinity.

    Args:
        heads: Modules whose results are looked at.
    """

    def __init__(self, heads: Iterable[nn.Module]) -> None:
        self.heads = list(heads)

    def __enter__(self) -> 'WatchedHeads':
        self.outputs = []
        self.handles = [
            head.register_forward_hook(lambda *args: self.outputs.append(args[-1]))
            for head in self.heads
        ]
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self.handles:
            handle.remove()

    def are_finite(self, index: int, batch_size: int) -> bool:
        """Whether what the heads gave for one image of the batch is finite.

        A result that has not one entry an image, such as that of all boxes together,
        counts for each of the images.

        Args:
            index: Of the image in the batch.
            batch_size: Images in the batch.
        """
        return all(
            (tensor[index] if len(tensor) == batch_size else tensor).isfinite().all()
            for tensor in _tensors(self.outputs)
        )
