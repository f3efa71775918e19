# Copyright (c) mmacnn authors. All rights reserved.

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor

from mmacnn.ops import (
    sample_oriented_roi,
    sample_oriented_roi_gather,
    sample_roi,
    sample_roi_separable,
)
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

SAMPLERS = {'grid_sample': sample_roi, 'separable': sample_roi_separable}
ORIENTED = {'grid_sample': sample_oriented_roi, 'separable': sample_oriented_roi_gather}


@MODELS.register_module()
class SpatialTransformerNeck(BaseModule):
    """Image and pose -> the ROI, straightened, at the image's full resolution.

    With a centre alone the ROI is upright and of one size, as A-CNN's paper has it.

    Args:
        roi_size: (h, w) of the ROI, at scale 1, in pixels of the image given to the
            model.
        output_size: (h, w) of the crop given to the classifier.
        sampler: 'grid_sample', fast in training, or 'separable', two matrix products
            (of a turned ROI, gathers and products) that run on every inference engine.
            They give the same crop. Where PyTorch
            is to be deterministic it is always the latter: the gradient of the former
            is not, on a GPU.
        norm_cfg: Config of a norm layer for the crop. ``dict(type='IN')``, instance
            normalization, takes exposure and white balance of the camera away from
            the crop, and lets a small classifier learn many times faster.
        in_channels: Channels of the image, for the norm layer.

    Raises:
        InputError: a size is not positive, or the sampler is unknown.
    """

    def __init__(
        self,
        roi_size: tuple[int, int],
        output_size: tuple[int, int],
        sampler: str = 'grid_sample',
        norm_cfg: dict | None = None,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        for name, size in (('roi_size', roi_size), ('output_size', output_size)):
            if len(size) != 2 or min(size) <= 0:
                raise InputError(
                    f'{name}: expected (h, w), both positive, found {size}'
                )
        if sampler not in SAMPLERS:
            raise InputError(
                f'sampler: expected one of {sorted(SAMPLERS)}, found {sampler!r}'
            )
        self.roi_size = tuple(roi_size)
        self.output_size = tuple(output_size)
        self.sampler = sampler
        self.norm = build_norm_layer(norm_cfg, in_channels)[1] if norm_cfg else None

    def forward(
        self,
        image: Tensor,
        centre: Tensor,
        direction: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> Tensor:
        """See :func:`mmacnn.ops.sample_roi` and ``sample_oriented_roi``."""
        name = self.sampler
        if torch.are_deterministic_algorithms_enabled():
            name = 'separable'
        sizes = self.roi_size, self.output_size
        if direction is None:
            crop = SAMPLERS[name](image, centre, *sizes)
        else:
            crop = ORIENTED[name](image, centre, direction, scale, *sizes)
        return crop if self.norm is None else self.norm(crop)
