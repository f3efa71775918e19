# Copyright (c) mmacnn authors. All rights reserved.

from mmcv.cnn.bricks import GeneralizedAttention
from torch import Tensor

from mmacnn.ops import spatial_attention
from mmacnn.registry import MODELS
from mmacnn.utils import InputError


@MODELS.register_module()
class SpatialAttentionEncoder(GeneralizedAttention):
    """CANet's spatial attention encoder, a plug-in layer for a ResNet.

    Hou, Liu, Zhang, Wei, Chen, *CANet*, Pattern Recognition 140 (2023) 109558. It is
    the case "bias - appearance" of mmcv's ``GeneralizedAttention``, whose parameters
    and initialisation it has; the published implementation computes it with a matrix of
    pixels x pixels, and this one by :func:`mmacnn.ops.spatial_attention`, to the same
    result. At first it is the identity, since the learned ``gamma`` starts at 0.

    Args:
        in_channels: Channels of the feature map, a multiple of ``num_heads``.
        num_heads: Attention heads, 1 or more.
        kv_stride: Keys and values come from every ``kv_stride``-th row and column, 1 or
            more.

    Returns (forward):
        Like the input, (B, in_channels, H, W).

    Raises:
        InputError: ``num_heads`` does not divide ``in_channels``, or one of the
            settings is less than 1.
    """

    _abbr_ = 'spatial_attention_encoder'

    def __init__(self, in_channels: int, num_heads: int = 8, kv_stride: int = 2):
        if num_heads < 1 or in_channels % num_heads:
            raise InputError(
                f'SpatialAttentionEncoder: num_heads is {num_heads}, expected a '
                f'divisor of the {in_channels} input channels'
            )
        if kv_stride < 1:
            raise InputError(
                f'SpatialAttentionEncoder: kv_stride is {kv_stride}, expected 1 or more'
            )
        super().__init__(
            in_channels,
            num_heads=num_heads,
            kv_stride=kv_stride,
            attention_type='0010',
        )

    def forward(self, x: Tensor) -> Tensor:
        heads = (self.num_heads, -1)
        attended = spatial_attention(
            x,
            self.appr_bias.view(heads),
            self.key_conv.weight.view(*heads, self.in_channels),
            self.value_conv.weight.view(*heads, self.in_channels),
            self.kv_stride,
        )
        attended = self.proj_conv(attended[..., None, None])
        # Under autocast gamma is float32, and would make the feature map float32 too.
        return x + (self.gamma * attended).to(x.dtype)
