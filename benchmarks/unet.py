# Copyright (c) mmacnn authors. All rights reserved.
"""The decoder of a U-Net, as a neck: the rival of a CAM classifier with all masks."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor

from mmacnn.registry import MODELS


@MODELS.register_module()
class UNetNeck(BaseModule):
    """Decoder of segmentation-models-pytorch up to the finest of the backbone's maps.

    Ronneberger et al., *U-Net*, MICCAI 2015.

    Args:
        in_channels: Channels of the backbone's maps, the finest first, each of half the
            size of the one before.
        channels: Channels of the decoder's blocks, the coarsest first, one less.
    """

    out_level = 0
    """Which of the maps the result lies on."""

    def __init__(self, in_channels: Sequence[int], channels: Sequence[int]) -> None:
        super().__init__()
        self.decoder = UnetDecoder((3, *in_channels), channels, n_blocks=len(channels))

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Maps (B, C_i, h_i, w_i), the finest first, to (B, channels[-1], h_0, w_0)."""
        # The first is the image, of which the decoder uses nothing.
        return (self.decoder([maps[0], *maps]),)
