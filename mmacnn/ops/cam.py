# Copyright (c) mmacnn authors. All rights reserved.
"""Class activation maps of a classifier that ends in a mean and a linear layer.

The mean and the linear layer may change places, so the layer applied at every position
tells how much each one contributes. Zhou et al., *Learning Deep Features for
Discriminative Localization*, CVPR 2016, eq. 1 and 2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

POOLINGS = ('mean', 'log-sum-exp')


def class_activation_map(
    features: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Apply the classifier's linear layer at every position.

    Args:
        features: (B, C, H, W), whose mean over positions the classifier is for.
        weight: (K, C), of the linear layer.
        bias: (K,).

    Returns:
        (B, K, H, W), in logits: the mean over positions of a map is its class's logit.

    Example:
        >>> features = torch.arange(8.0).view(1, 2, 2, 2)
        >>> weight, bias = torch.tensor([[1.0, -2.0]]), torch.tensor([0.5])
        >>> class_activation_map(features, weight, bias).mean((2, 3))
        tensor([[-9.]])
        >>> features.mean((2, 3)) @ weight.T + bias
        tensor([[-9.]])
    """
    return F.conv2d(features, weight[:, :, None, None], bias)


def upsample_map(
    cam: Tensor, size: tuple[int, int], stride: float, offset: float
) -> Tensor:
    """Interpolate a map to the pixels of the image that the network saw.

    A cell shows the pixels round the centre of its receptive field. Strided
    convolutions with symmetric padding have the first centre on the first pixel, and
    not half a stride inside the image, where a plain resize would put it.

    Args:
        cam: (B, K, h, w).
        size: (H, W) of the image in pixels.
        stride: Pixels from one cell to the next.
        offset: Centre of the first cell, in pixels from the image's edge.

    Returns:
        (B, K, H, W). Beyond the outermost centres the values are theirs.
    """

    def cells(extent: int, count: int) -> Tensor:
        pixels = torch.arange(extent, device=cam.device, dtype=cam.dtype) + 0.5
        # grid_sample counts from -1 to 1, edge to edge.
        return (2 * (pixels - offset) / stride + 1) / count - 1

    rows, columns = (cells(*axis) for axis in zip(size, cam.shape[-2:], strict=True))
    y, x = torch.meshgrid(rows, columns, indexing='ij')
    grid = torch.stack((x, y), dim=-1).expand(len(cam), -1, -1, -1)
    return F.grid_sample(cam, grid, 'bilinear', 'border', align_corners=False)


def pool_map(cam: Tensor, pooling: str = 'mean', sharpness: float = 1.0) -> Tensor:
    """One logit for each map.

    A defect of a few cells barely moves the mean of a fine map; the logarithm of the
    mean exponential listens to the highest cells (Pinheiro and Collobert, *From
    Image-level to Pixel-level Labeling*, CVPR 2015, eq. 6).

    Args:
        cam: (B, K, h, w).
        pooling: 'mean', or 'log-sum-exp': ``log(mean(exp(r x))) / r``.
        sharpness: r, above 0: near 0 as the mean, large as the maximum.

    Returns:
        (B, K).

    Example:
        >>> cam = torch.tensor([[[[0.0, 1.0], [2.0, 5.0]]]])
        >>> pool_map(cam), pool_map(cam, 'log-sum-exp')
        (tensor([[2.]]), tensor([[3.6859]]))
    """
    if pooling == 'mean':
        return cam.mean((2, 3))
    # Not torch.logsumexp less the logarithm of the number of cells, which would be a
    # constant in an exported graph that takes images of any size.
    peak = cam.amax((2, 3), keepdim=True)
    rest = (sharpness * (cam - peak)).exp().mean((2, 3)).log()
    return peak[..., 0, 0] + rest / sharpness
