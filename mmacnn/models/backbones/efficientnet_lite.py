# Copyright (c) mmacnn authors. All rights reserved.
import math
from copy import deepcopy
from itertools import groupby
from typing import ClassVar

import torch
from mmpretrain.models import EfficientNet
from mmpretrain.models.utils import make_divisible
from torch import Tensor

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

# How much wider and deeper than Lite0.
SCALES = {'lite0': (1.0, 1.0), 'lite1': (1.0, 1.1), 'lite2': (1.1, 1.2)}


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """EfficientNet-Lite: EfficientNet for small processors, and for int8.

    Without squeeze-and-excitation, and with ReLU6 for Swish; stem and head, and the
    first and last stage's repeats, are not scaled (R. Liu, *Higher accuracy on vision
    models with EfficientNet-Lite*, TensorFlow blog, 2020). Its stages are those of
    mmpretrain's EfficientNet-B0: of Lite0 and Lite1 ``out_indices=(4,)`` has 112
    channels at stride 16, 3 has 40 at stride 8; of Lite2 120 and 48. 5 has 320 (352) at
    stride 32, and 6 has 1280.

    Args:
        arch: 'lite0', 'lite1' or 'lite2'.
        act_cfg: Config of the activation.
        **kwargs: Of mmpretrain's ``EfficientNet``.

    Raises:
        InputError: ``arch`` is another.
    """

    arch_settings: ClassVar[dict] = {name: (1.0, 1.0, 224) for name in SCALES}

    def __init__(
        self, arch: str = 'lite0', act_cfg: dict | None = None, **kwargs
    ) -> None:
        if arch not in SCALES:
            raise InputError(
                f'EfficientNetLite: arch is {arch!r}, expected one of '
                f'{", ".join(SCALES)}'
            )
        self.layer_settings = {'l': _stages(*SCALES[arch])}
        super().__init__(arch, act_cfg=act_cfg or dict(type='ReLU6'), **kwargs)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps of images (B, 3, H, W), laid out as depthwise convolutions want."""
        return super().forward(images.contiguous(memory_format=torch.channels_last))


def _stages(width: float, depth: float) -> list[list[list[int]]]:
    """The blocks of each stage, as mmpretrain lists them."""
    stem, *stages, head = deepcopy(EfficientNet.layer_settings['b'])
    first, last = stages[0][0][1], stages[-1][-1][1]
    scaled = []
    for stage in stages:
        blocks = []
        for channels, group in groupby(stage, key=lambda block: block[1]):
            group = list(group)
            if channels not in (first, last):
                more = math.ceil(depth * len(group)) - len(group)
                group += [deepcopy(group[-1]) for _ in range(more)]
            blocks += group
        for block in blocks:
            block[1] = make_divisible(width * block[1], 8)
            block[2] = 0  # no squeeze-and-excitation
        scaled.append(blocks)
    return [stem, *scaled, head]
