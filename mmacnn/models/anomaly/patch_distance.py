# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmacnn.ops import resize_maps, smooth_maps
from mmacnn.utils import InputError

from .core import AnomalyCore
from .memory_bank import MemoryBank


class PatchDistance(AnomalyCore):
    """How far an image's local features lie from those of good images.

    Args:
        feature_extractor: From images to maps (B, C, h, w), the finest first.
        bank: What was learned of good images.
        weights: Of each map before they are joined; all 1 by default. With features of
            length 1, the squared distance is that of each map times the weight squared.
        sigma: Standard deviation of the Gaussian filter over the map, in pixels.
    """

    exports_map = True

    def __init__(
        self,
        feature_extractor: nn.Module,
        bank: MemoryBank,
        weights: Sequence[float] | None = None,
        sigma: float = 4.0,
    ) -> None:
        super().__init__()
        self.feature_extractor = feature_extractor
        self.bank = bank
        self.weights = weights
        self.sigma = sigma

    def features(self, images: Tensor) -> Tensor:
        """Local features (B, C, h, w) on the grid of the finest map.

        Raises:
            InputError: There are not as many weights as maps.
        """
        maps = self.feature_extractor(images)
        weights = (1.0,) * len(maps) if self.weights is None else self.weights
        if len(weights) != len(maps):
            raise InputError(
                f'PatchCore: weights has {len(weights)} numbers, expected {len(maps)}, '
                'one for each map'
            )
        size = maps[0].shape[-2:]
        joined = [
            weight * (each if each.shape[-2:] == size else _enlarge(each, size))
            for weight, each in zip(weights, maps, strict=True)
        ]
        return torch.cat(joined, 1)

    def measure(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`AnomalyCore`; the score is the map's maximum."""
        return self._scores(self.bank(self.features(images)), images)

    def measure_held_out(self, images: Tensor, indices: Tensor):
        """Like :meth:`measure` for learned images (B, 3, H, W) with these numbers (B,).

        Each is compared with what the others gave.
        """
        return self._scores(self.bank.held_out(self.features(images), indices), images)

    def _scores(self, distances: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = smooth_maps(resize_maps(distances, images.shape[-2:]), self.sigma)
        return maps.amax((1, 2)), maps


def _enlarge(features: Tensor, size: Sequence[int]) -> Tensor:
    return nn.functional.interpolate(
        features, size, mode='bilinear', align_corners=False
    )
