# Copyright (c) mmacnn authors. All rights reserved.
"""Spatial transformer restricted to translation: crop an ROI of fixed size.

Jaderberg et al., *Spatial Transformer Networks*, NeurIPS 2015, eq. 1 and 5, with the
scale fixed by ``roi_size`` as in Kim, Yi, Lee, IEEE TIM 2025. Both samplers follow
``grid_sample(align_corners=False, padding_mode='zeros')`` and are differentiable in
the image and in the centre.
"""

from collections.abc import Callable
from math import ceil

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
        (B, C, h, w), of ``output_size``.

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


def _pixels_and_weights(
    centre: Tensor, roi_extent: float, out_extent: int, image_extent: int
) -> tuple[Tensor, Tensor]:
    """Pixels of one axis that linear interpolation of the ROI reads.

    Args:
        centre: (B,), normalised to [0, 1] of the image edge to edge.
        roi_extent: Length of the ROI in pixels.
        out_extent: Number P of positions at which the ROI is sampled.
        image_extent: Pixels of the axis.

    Returns:
        Indices (B, K) into the axis, and the weights (B, P, K) of the pixels there;
        those that would lie outside of the image have weight zero.
    """
    spacing = roi_extent / out_extent
    start = centre[:, None] * image_extent + (spacing - roi_extent - 1) / 2
    first = start.detach().floor()
    # Weights come from small numbers alone, which half precision holds well.
    steps = torch.arange(out_extent, device=centre.device, dtype=centre.dtype)
    positions = (start - first) + steps * spacing
    reach = ceil(spacing * (out_extent - 1)) + 2
    pixels = torch.arange(reach, device=centre.device, dtype=centre.dtype)
    weights = (1 - (positions[:, :, None] - pixels).abs()).clamp(min=0)
    index = first + pixels
    nearest = index.clamp(0, image_extent - 1)
    inside = (1 - (index - nearest).abs()).clamp(min=0)
    return nearest.long(), weights * inside[:, None]


def sample_roi_separable(
    image: Tensor,
    centre: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
    prepare: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """:func:`sample_roi` as two matrix products, ``rows @ pixels @ columns``.

    The ROI is parallel to the axes, so bilinear interpolation separates, with weights
    ``max(0, 1 - |position - index|)`` for each axis. Only the pixels that the ROI
    touches are gathered and multiplied, whatever the size of the image. Inference
    engines without GridSample, TensorRT 8.2 among them, run this form. The result is
    that of :func:`sample_roi`.

    Args:
        image, centre, roi_size, output_size: As there.
        prepare: Takes the gathered pixels, (B, C, h, w), and gives them back changed
            one by one, normalised say; as if it had been done to the whole image.
    """
    (row_index, rows), (column_index, columns) = (
        _pixels_and_weights(
            centre[:, 1 - i], roi_size[i], output_size[i], image.shape[2 + i]
        )
        for i in range(2)
    )
    index = row_index[:, :, None] * image.shape[3] + column_index[:, None]
    # A constant, also where tracing makes the size of the batch a variable.
    channels = int(image.shape[1])
    # Each channel gathers the same pixels; a sum exports plainer than expand().
    index = index.flatten(1)[:, None] + index.new_zeros(1, channels, 1)
    pixels = image.flatten(2).gather(2, index)
    pixels = pixels.view(-1, channels, row_index.shape[1], column_index.shape[1])
    pixels = pixels if prepare is None else prepare(pixels)
    rows, columns = rows[:, None].to(pixels.dtype), columns[:, None].to(pixels.dtype)
    return rows @ pixels @ columns.transpose(-1, -2)


def sample_rois_separable(
    images: Tensor,
    centres: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
) -> Tensor:
    """:func:`sample_roi_separable` of K ROIs an image, without copies of the image.

    Args:
        images: (B, C, H, W).
        centres: (B, K, 2), as there.
        roi_size, output_size: As there.

    Returns:
        (B K, C, h, w), those of an image one after the other.
    """
    flat = centres.flatten(0, 1)
    (row_index, rows), (column_index, columns) = (
        _pixels_and_weights(
            flat[:, 1 - i], roi_size[i], output_size[i], images.shape[2 + i]
        )
        for i in range(2)
    )
    index = row_index[:, :, None] * images.shape[3] + column_index[:, None]
    channels, count = int(images.shape[1]), int(centres.shape[1])
    high, wide = int(row_index.shape[1]), int(column_index.shape[1])
    index = index.reshape(-1, 1, count * high * wide)
    pixels = images.flatten(2).gather(2, index + index.new_zeros(1, channels, 1))
    pixels = pixels.reshape(-1, channels, count, high * wide).transpose(1, 2)
    pixels = pixels.reshape(-1, channels, high, wide)
    rows, columns = rows[:, None].to(pixels.dtype), columns[:, None].to(pixels.dtype)
    return rows @ pixels @ columns.transpose(-1, -2)


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
    x, y = centre[:, 0] * image_size[1], centre[:, 1] * image_size[0]
    half_height, half_width = roi_size[0] / 2, roi_size[1] / 2
    return torch.stack(
        (x - half_width, y - half_height, x + half_width, y + half_height), dim=1
    )
