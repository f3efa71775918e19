# Copyright (c) mmacnn authors. All rights reserved.
"""Spatial transformer restricted to translation: crop an ROI of fixed size.

Jaderberg et al., *Spatial Transformer Networks*, NeurIPS 2015, eq. 1 and 5, with the
scale fixed by ``roi_size`` as in Kim, Yi, Lee, IEEE TIM 2025. Both samplers follow
``grid_sample(align_corners=False, padding_mode='zeros')`` and are differentiable in
the image and in the centre.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def _sample_positions(
    centre: Tensor, roi_extent: float, out_extent: int, image_extent: int
) -> Tensor:
    """Pixel indices, (B, out_extent), at which one axis of the ROI is sampled."""
    steps = torch.arange(out_extent, device=centre.device, dtype=centre.dtype)
    offset = ((steps + 0.5) / out_extent - 0.5) * roi_extent - 0.5
    return centre[:, None] * image_extent + offset


def sample_roi(
    image: Tensor,
    centre: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
) -> Tensor:
    """Crop the ROI round ``centre`` by bilinear sampling.

    Args:
        image: (B, C, H, W).
        centre: (B, 2), ``(x, y)`` normalised to [0, 1] of the image edge to edge.
            Any finite value is allowed; what lies outside the image is zero.
        roi_size: (h, w) of the ROI in image pixels.
        output_size: (h, w) of the crop.

    Returns:
        (B, C, *output_size).

    Example:
        >>> image = torch.arange(16.0).view(1, 1, 4, 4)
        >>> sample_roi(image, torch.tensor([[0.5, 0.5]]), (2, 2), (2, 2))
        tensor([[[[ 5.,  6.],
                  [ 9., 10.]]]])
    """
    height, width = image.shape[-2:]
    x = _sample_positions(centre[:, 0], roi_size[1], output_size[1], width)
    y = _sample_positions(centre[:, 1], roi_size[0], output_size[0], height)
    x, y = (2 * x + 1) / width - 1, (2 * y + 1) / height - 1
    size = (image.shape[0], *output_size)
    grid = torch.stack((x[:, None, :].expand(size), y[:, :, None].expand(size)), dim=-1)
    return F.grid_sample(image, grid.to(image.dtype), 'bilinear', 'zeros', False)


def _interpolation_matrix(positions: Tensor, extent: int) -> Tensor:
    """Linear interpolation weights, (B, P, extent), for positions (B, P)."""
    index = torch.arange(extent, device=positions.device, dtype=positions.dtype)
    return (1 - (positions[:, :, None] - index).abs()).clamp(min=0)


def sample_roi_separable(
    image: Tensor,
    centre: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
) -> Tensor:
    """:func:`sample_roi` as two matrix products, ``rows @ image @ columns``.

    The ROI is parallel to the axes, so bilinear interpolation separates, with weights
    ``max(0, 1 - |position - index|)`` for each axis. Inference engines without
    GridSample, TensorRT 8.2 among them, run this form. Arguments and result are those
    of :func:`sample_roi`.
    """
    height, width = image.shape[-2:]
    x = _sample_positions(centre[:, 0], roi_size[1], output_size[1], width)
    y = _sample_positions(centre[:, 1], roi_size[0], output_size[0], height)
    rows = _interpolation_matrix(y, height)[:, None].to(image.dtype)
    columns = _interpolation_matrix(x, width)[:, None].to(image.dtype)
    return rows @ image @ columns.transpose(-1, -2)


def roi_box(
    centre: Tensor, roi_size: tuple[int, int], image_size: tuple[int, int]
) -> Tensor:
    """Corners of the ROI.

    Args:
        centre: (B, 2), ``(x, y)`` normalised to [0, 1] of the image edge to edge.
        roi_size: (h, w) in image pixels.
        image_size: (h, w) of the image.

    Returns:
        (B, 4), xyxy in image pixels; it may reach outside the image.
    """
    half = centre.new_tensor((roi_size[1] / 2, roi_size[0] / 2))
    middle = centre * centre.new_tensor((image_size[1], image_size[0]))
    return torch.cat((middle - half, middle + half), dim=1)
