# Copyright (c) mmacnn authors. All rights reserved.
"""What MMDeploy puts in the place of operators while it exports a model.

Every form here is plain arithmetic on operators that TensorRT 8.2 has. The forward pass
of each method stands in :mod:`mmacnn.deploy.methods`.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from mmdeploy.core import FUNCTION_REWRITER
from torch import Tensor


@FUNCTION_REWRITER.register_rewriter(
    'mmacnn.models.anomaly.feature_extractor.MultiScaleFeatures.resize'
)
def resize(self, images: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear ones as two matrix products: ONNX 13 has no filter against aliasing."""
    if self.interpolation != 'bilinear':
        return F.interpolate(images, size, mode=self.interpolation)
    height, width = (
        torch.from_numpy(_bilinear_weights(int(before), after))
        for before, after in zip(images.shape[-2:], size, strict=True)
    )
    return height @ images @ width.T


def _bilinear_weights(before: int, after: int) -> np.ndarray:
    """(after, before), as PyTorch resizes bilinearly with ``antialias=True``."""
    scale = before / after
    centre = scale * (np.arange(after) + 0.5)
    away = np.arange(before) + 0.5 - centre[:, None]
    weights = (1 - np.abs(away) / max(scale, 1)).clip(0)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


@FUNCTION_REWRITER.register_rewriter('mmacnn.ops.rotation.rotate_all')
def rotate_all(images: Tensor, degrees: float) -> Tensor:
    """By four gathers at places that are constants, for want of a sampler in ONNX 13.

    Of each output pixel the upper left neighbour on the image, which is given an edge
    of zeros, is gathered; slices that begin later give the other three.
    """
    height, width = (int(side) for side in images.shape[-2:])
    index, right, down = _neighbours(height, width, degrees)
    row = width + 2
    flat = _edged(images).flatten(2)
    length = row * (height + 2) - row - 1
    corners = [flat[..., start : start + length][..., index] for start in (0, 1)]
    below = [flat[..., row + s : row + s + length][..., index] for s in (0, 1)]
    upper = corners[0] + right * (corners[1] - corners[0])
    lower = below[0] + right * (below[1] - below[0])
    rotated = upper + down * (lower - upper)
    return rotated.reshape(-1, int(images.shape[1]), height, width)


def _edged(images: Tensor) -> Tensor:
    """A pixel of zeros all round."""
    return _with_zeros(_with_zeros(images, 3, 1, 1), 2, 1, 1)


def _with_zeros(images: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Padded along an axis; TensorRT 8.2 can't read the exporter's own padding."""
    zeros = images.narrow(axis, 0, 1) * 0
    return torch.cat((zeros,) * before + (images,) + (zeros,) * after, axis)


@FUNCTION_REWRITER.register_rewriter(
    'mmcv.cnn.bricks.conv2d_adaptive_padding.Conv2dAdaptivePadding.forward'
)
def adaptive_padding__forward(self, x: Tensor) -> Tensor:
    """With the padding of the one size, or with one that the graph computes.

    mmcv's own keeps the number of output pixels of the image that it was traced with.
    Of one size, the padding is the convolution's own, which engines run faster.
    """
    axes = FUNCTION_REWRITER.get_context().cfg['ir_config'].get('dynamic_axes') or {}
    is_dynamic = bool({2, 3} & set(axes.get('input', {})))
    weight, padding = self.weight, [0, 0]
    for axis, kernel in ((2, self.weight.shape[2]), (3, self.weight.shape[3])):
        stride, dilation = self.stride[axis - 2], self.dilation[axis - 2]
        side = x.shape[axis] if is_dynamic else int(x.shape[axis])
        # What the last stride lacks is 0 where the stride divides the side.
        missing = (kernel - 1) * dilation + 1 - stride
        missing += (-side) % stride if stride > 1 else 0
        missing = missing.clamp(min=0) if torch.is_tensor(missing) else max(missing, 0)
        before, after = missing // 2, missing - missing // 2
        edge = (0, 0, before, after) if axis == 2 else (before, after)
        if is_dynamic:
            x = F.pad(x, edge)
        elif before == after:
            padding[axis - 2] = after
        elif dilation == 1:  # the kernel begins a pixel earlier, with zeros
            weight = _with_zeros(weight, axis, 1, 0)
            padding[axis - 2] = after
        else:
            x = _with_zeros(x, axis, before, after)
    return F.conv2d(
        x, weight, self.bias, self.stride, padding, self.dilation, self.groups
    )


def _neighbours(height: int, width: int, degrees: float) -> tuple[Tensor, ...]:
    """Upper left neighbour in the padded image, (H x W,), fractions to the others."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) - (height - 1) / 2,
        torch.arange(width, dtype=torch.float64) - (width - 1) / 2,
        indexing='ij',
    )
    cos, sin = (f(math.radians(degrees)) for f in (math.cos, math.sin))
    column = cos * x - sin * y + (width - 1) / 2
    line = sin * x + cos * y + (height - 1) / 2
    inside = (column > -1) & (column < width) & (line > -1) & (line < height)
    # What is outside takes the corner of the edge, a zero.
    column, line = (
        torch.where(inside, each, -1.0).flatten() for each in (column, line)
    )
    left, top = column.floor(), line.floor()
    index = ((top + 1) * (width + 2) + left + 1).long()
    return index, (column - left).float(), (line - top).float()


@FUNCTION_REWRITER.register_rewriter('torch.nn.functional.instance_norm')
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """In plain arithmetic: the exporter wants to know the number of channels, and
    TensorRT before 8.6 runs the operator as a plug-in."""
    if not use_input_stats:
        return F.batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    axes = tuple(range(2, input.ndim))
    centred = input - input.mean(axes, keepdim=True)
    variance = centred.square().mean(axes, keepdim=True)
    normed = centred / (variance + eps).sqrt()
    shape = (1, -1) + (1,) * len(axes)
    normed = normed if weight is None else normed * weight.view(shape)
    return normed if bias is None else normed + bias.view(shape)


@FUNCTION_REWRITER.register_rewriter('mmpretrain.models.necks.gem.gem')
def generalized_mean(x: Tensor, p: Tensor, eps: float = 1e-6, clamp: bool = True):
    """With a constant power: the graph then computes no ``1 / p`` and no window."""
    power = float(p)
    x = x.clamp(min=eps) if clamp else x
    # Products are several times as fast as a power.
    raised = math.prod([x] * int(power)) if power in (1, 2, 3, 4) else x.pow(power)
    return F.adaptive_avg_pool2d(raised, 1).pow(1 / power)
