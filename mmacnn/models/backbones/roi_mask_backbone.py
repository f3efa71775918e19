# Copyright (c) mmacnn authors. All rights reserved.
"""Backbones that take the mask of a region as the last channel of the image."""

from collections.abc import Sequence
from functools import partial

from mmengine.model import ModuleDict
from torch import Tensor, nn

from mmacnn.models.attention import RoIMaskAttention
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .cell_geometry import probe_image
from .points import STEM, count_channels, find_point

OWNER = 'RoIMaskBackbone'


class RoIMaskBranch(ModuleDict):
    """The attention layers of a backbone, and the mask while it runs.

    It hangs on the backbone by hooks, so the backbone's code and the names of its
    weights stay as they are. Hooks are methods of this module, so that a copy of the
    backbone has its own.

    Args:
        layers: Attention by the name of its point.
        in_channels: Channels of the image without the mask.
    """

    def __init__(self, layers: dict[str, RoIMaskAttention], in_channels: int) -> None:
        super().__init__(layers)
        self.in_channels = in_channels
        self.mask: Tensor | None = None

    def split(self, backbone: nn.Module, inputs: tuple[Tensor]) -> Tensor:
        """Keep the mask, (B, 1, H, W), and hand on the image, (B, C, H, W)."""
        (image,) = inputs
        channels = self.in_channels
        if image.ndim != 4 or image.shape[1] != channels + 1:
            raise InputError(
                f'RoIMaskBackbone: found an input of shape {tuple(image.shape)}, '
                f'expected (batch, {channels + 1}, height, width): the image, then '
                'the mask (mmacnn.AddMaskChannel in the pipeline)'
            )
        self.mask = image[:, channels:]
        return image[:, :channels]

    def attend(
        self, name: str, module: nn.Module, inputs: tuple, output: Tensor
    ) -> Tensor:
        """Join the mask with the output of a module."""
        return self[name](output, self.mask)

    def forget(self, backbone: nn.Module, inputs: tuple, output: tuple) -> None:
        """Let the mask go once the backbone is done."""
        self.mask = None


@MODELS.register_module(name='RoIMaskBackbone')
def roi_mask_backbone(
    backbone: dict,
    points: Sequence[str] = (STEM,),
    mode: str = 'add',
    initial_bias: float | None = None,
) -> nn.Module:
    """Build a backbone that is told which region of the image is meant.

    Eppel, arXiv 1812.00291. What is built is the backbone's own class with one module
    more, ``roi_mask``, so that pretrained weights load (``init_cfg`` of the backbone,
    or ``load_from``). It takes an image with the mask as one more channel.

    Args:
        backbone: Config of the backbone, of any family of mmpretrain.
        points: Where the mask joins: ``'stem'``, after the first convolution and before
            its norm (the published place); ``'stage1'`` and so on, after a stage of
            those that ``out_indices`` counts; or the name of any module in the
            backbone that returns a feature map.
        mode, initial_bias: See :class:`mmacnn.models.attention.RoIMaskAttention`.

    Returns:
        The backbone; its input is (B, C + 1, H, W), the mask 1 on the region and 0
        elsewhere.

    Raises:
        InputError: ``points`` is empty, has a name twice or one that the backbone does
            not have, or that of a module that returns no feature map.
    """
    if not points or len(set(points)) < len(points) or isinstance(points, str):
        raise InputError(
            f'RoIMaskBackbone: points is {points!r}, expected a list of different '
            'names, such as stem or stage1'
        )
    model = MODELS.build(backbone)
    modules = {name: find_point(model, name, OWNER) for name in points}
    channels = count_channels(model, modules, OWNER)
    keys = {name: name.replace('.', '_') for name in points}
    branch = RoIMaskBranch(
        {
            keys[name]: RoIMaskAttention(channels[name], mode, initial_bias)
            for name in points
        },
        in_channels=probe_image(model).shape[1],
    )
    model.roi_mask = branch
    model.register_forward_pre_hook(branch.split)
    for name, module in modules.items():
        module.register_forward_hook(partial(branch.attend, keys[name]))
    model.register_forward_hook(branch.forget)
    return model
