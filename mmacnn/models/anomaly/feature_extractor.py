# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .frozen_backbone import FrozenBackbone

Size = tuple[int, int]


@MODELS.register_module()
class MultiScaleFeatures(FrozenBackbone):
    """Means over a backbone's last map, of the image in several sizes.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021, section 3.1.

    Args:
        backbone: Config of any backbone that returns a tuple of maps (B, C, h, w), such
            as mmpretrain's or ``mmpretrain.TIMMBackbone``; the last one counts.
        scales: Height and width, or one number for both, of each size in pixels.
        trainable: See :class:`FrozenBackbone`.
        interpolation: How images are resized, 'nearest' (DifferNet's), 'bilinear' or
            'area'.
        init_cfg: Config of the initialization.

    Raises:
        InputError: There is no scale, the interpolation is unknown, or the backbone has
            no parameter of a name in ``trainable``.
    """

    def __init__(
        self,
        backbone: dict,
        scales: Sequence[int | Size] = (448, 224, 112),
        trainable: Sequence[str] = (),
        interpolation: str = 'nearest',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(backbone, trainable, init_cfg)
        if not scales:
            raise InputError('MultiScaleFeatures: scales is empty, expected sizes')
        if interpolation not in ('nearest', 'bilinear', 'area'):
            raise InputError(
                f'MultiScaleFeatures: interpolation is {interpolation!r}, expected '
                "'nearest', 'bilinear' or 'area'"
            )
        self.scales = [
            (size, size) if isinstance(size, int) else tuple(size) for size in scales
        ]
        self.interpolation = interpolation
        self.last_map = nn.Identity()  # Where Grad-CAM listens.

    def resized(self, images: Tensor) -> list[Tensor]:
        """The images (B, C, H, W) in each size, (B, C, h, w)."""
        return [
            images if tuple(images.shape[-2:]) == size else self.resize(images, size)
            for size in self.scales
        ]

    def resize(self, images: Tensor, size: Size) -> Tensor:
        """The images (B, C, H, W) in one size, (B, C, h, w)."""
        options = {}
        if self.interpolation == 'bilinear':
            options = dict(align_corners=False, antialias=True)
        return F.interpolate(images, size, mode=self.interpolation, **options)

    def maps(self, images: Tensor) -> list[Tensor]:
        """The backbone's last map (B, C, h, w) for each size.

        Raises:
            InputError: The backbone returns no map.
        """
        maps = []
        for resized in self.resized(images):
            features = self.run_backbone(resized)[-1]
            maps.append(self.last_map(features))
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, scales x C), scale by scale, of images (B, 3, H, W)."""
        return torch.cat([each.mean((2, 3)) for each in self.maps(images)], 1)
