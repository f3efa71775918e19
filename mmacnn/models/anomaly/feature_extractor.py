# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

Size = tuple[int, int]


@MODELS.register_module()
class MultiScaleFeatures(BaseModule):
    """Means over a backbone's last map, of the image in several sizes.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021, section 3.1.

    Args:
        backbone: Config of any backbone that returns a tuple of maps (B, C, h, w), such
            as mmpretrain's or ``mmpretrain.TIMMBackbone``; the last one counts.
        scales: Height and width, or one number for both, of each size in pixels.
        trainable: Parts of names of the backbone's parameters that are trained, such as
            ``('se',)`` for its ``SE`` plug-ins. All else is frozen: it has no gradient
            and its normalizations keep their statistics.
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
        super().__init__(init_cfg)
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
        self.backbone = MODELS.build(backbone)
        # Convolutions are 1.25 times as fast on the CPU in this layout.
        self.backbone.to(memory_format=torch.channels_last)
        self.last_map = nn.Identity()  # Where Grad-CAM listens.
        self._freeze_all_but(trainable)

    def _freeze_all_but(self, trainable: Sequence[str]) -> None:
        names = [name for name, _ in self.backbone.named_parameters()]
        for part in trainable:
            if not any(part in name for name in names):
                raise InputError(
                    f'MultiScaleFeatures: trainable: found {part!r}, expected a part '
                    f'of the names of the backbone, {names[0]!r} to {names[-1]!r}'
                )
        for name, parameter in self.backbone.named_parameters():
            parameter.requires_grad_(any(part in name for part in trainable))

    def train(self, mode: bool = True) -> 'MultiScaleFeatures':
        """Switch to training, but for modules with frozen parameters alone."""
        super().train(mode)
        for module in self.backbone.modules():
            if not any(p.requires_grad for p in module.parameters()):
                module.train(False)
        return self

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
            resized = resized.contiguous(memory_format=torch.channels_last)
            features = self.backbone(resized)[-1]
            if not isinstance(features, Tensor) or features.ndim != 4:
                raise InputError(
                    f'MultiScaleFeatures: {type(self.backbone).__name__} returned no '
                    'map, expected (batch, channels, height, width)'
                )
            maps.append(self.last_map(features))
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, scales x C), scale by scale, of images (B, 3, H, W)."""
        return torch.cat([each.mean((2, 3)) for each in self.maps(images)], 1)

    @property
    def is_pretrained(self) -> bool:
        """Whether the config brings weights of the backbone, or of a part of it."""
        return any(_brings_weights(module) for module in self.backbone.modules())


def _brings_weights(module: nn.Module) -> bool:
    """Whether a module's ``init_cfg`` loads weights, or timm loaded them."""
    configs = getattr(module, 'init_cfg', None) or ()
    if isinstance(configs, dict):
        configs = (configs,)
    if any(config.get('type') == 'Pretrained' for config in configs):
        return True
    # TIMMBackbone says in this way that timm has loaded them.
    return hasattr(module, 'timm_model') and bool(getattr(module, '_is_init', False))
