# Copyright (c) mmacnn authors. All rights reserved.
"""What a model's backbone makes of an image, as one vector, for every method."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmacnn.utils import InputError


class PooledFeatures:
    """Listens, while in ``with``, to a model's backbone, and pools its last map.

    A-CNN's backbone sees the ROI, that of an anomaly detector the image in several
    views and sizes, that of a ROI-mask classifier the image once for each region:
    the vector is the mean of all that one image gave.

    Args:
        model: Has a module ``backbone``, or one in a part of it; the outermost counts.

    Raises:
        InputError: It has none.
    """

    def __init__(self, model: nn.Module) -> None:
        self.backbone = find_backbone(model)
        self._vectors: list[Tensor] = []

    def __enter__(self) -> 'PooledFeatures':
        self._handle = self.backbone.register_forward_hook(self._listen)
        return self

    def __exit__(self, *error: object) -> None:
        self._handle.remove()

    def take(self) -> Tensor | None:
        """The mean (C,) since the last call, on the CPU; None if there was none."""
        vectors, self._vectors = self._vectors, []
        return torch.cat(vectors).mean(0) if vectors else None

    def _listen(self, module: nn.Module, inputs: tuple, output: object) -> None:
        self._vectors.append(pool(output))


def find_backbone(model: nn.Module) -> nn.Module:
    """The outermost module of the name ``backbone``.

    Raises:
        InputError: There is none.
    """
    found = [
        (name.count('.'), module)
        for name, module in model.named_modules()
        if name.rpartition('.')[2] == 'backbone'
    ]
    if not found:
        raise InputError(
            f'{type(model).__name__}: found no module of the name `backbone`, expected '
            'one to take features from'
        )
    return min(found, key=lambda each: each[0])[1]


def pool(output: Tensor | Sequence[Tensor]) -> Tensor:
    """Mean over the places of the last map, (B, C), float32, on the CPU.

    Args:
        output: (B, C, h, w), tokens (B, N, C), or vectors (B, C); or several of them,
            of which the last counts.
    """
    while not isinstance(output, Tensor):
        output = output[-1]
    output = output.detach().float()
    if output.ndim > 2:
        output = output.mean(1) if output.ndim == 3 else output.flatten(2).mean(2)
    return output.cpu()
