# Copyright (c) mmacnn authors. All rights reserved.
"""Spatial transformer for a turned and scaled ROI.

Jaderberg et al., *Spatial Transformer Networks*, NeurIPS 2015, eq. 1 and 5, with a
similarity for the affine map. Both samplers follow
``grid_sample(align_corners=False, padding_mode='zeros')``.

A direction is the unit vector ``(cos, sin)`` of the angle by which the ROI is turned,
counter-clockwise as seen in the image. A scale is the factor of the ROI's size.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def turn(offset: Tensor, direction: Tensor) -> Tensor:
    """Turn offsets from the middle of an ROI by its angle.

    Args:
        offset: (..., 2), ``(x, y)``, y pointing down.
        direction: (..., 2), ``(cos, sin)``.

    Example:
        >>> turn(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))  # 90 degrees
        tensor([ 0., -1.])
    """
    (x, y), (cos, sin) = offset.unbind(-1), direction.unbind(-1)
    return torch.stack((cos * x + sin * y, cos * y - sin * x), -1)


def add_angles(first: Tensor, second: Tensor) -> Tensor:
    """Direction of the sum of two angles, each given by its own, (..., 2)."""
    (cos, sin), (other_cos, other_sin) = first.unbind(-1), second.unbind(-1)
    return torch.stack(
        (cos * other_cos - sin * other_sin, sin * other_cos + cos * other_sin), -1
    )


def half_angle(double: Tensor, near: Tensor) -> Tensor:
    """Direction of half an angle.

    Args:
        double: (..., 2), ``(cos, sin)`` of the angle.
        near: (..., 2), of the two halves the one nearer to it is taken.

    Example:
        >>> half_angle(torch.tensor([-1.0, 0.0]), torch.tensor([0.1, -1.0]))
        tensor([0., -1.])
    """
    cos, sin = double.unbind(-1)
    # Two forms, each of which is without loss of precision where it is used.
    right = torch.stack((1 + cos, sin), -1)
    up = torch.stack((sin, 1 - cos), -1)
    half = torch.where((cos > 0)[..., None], right, up)
    half = half / half.square().sum(-1, keepdim=True).sqrt()
    return torch.where((half * near).sum(-1, keepdim=True) < 0, -half, half)


def as_direction(angle: Tensor) -> Tensor:
    """Angles (...) in radians -> ``(cos, sin)`` (..., 2)."""
    return torch.stack((angle.cos(), angle.sin()), -1)


def _offsets(
    direction: Tensor,
    scale: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
) -> Tensor:
    """Places at which the ROI is sampled, (B, h * w, 2) pixels from its middle."""
    y, x = (
        (torch.arange(out, device=scale.device, dtype=scale.dtype) + 0.5) / out - 0.5
        for out in output_size
    )
    x, y = (x * roi_size[1]).repeat(len(y)), (y * roi_size[0]).repeat_interleave(len(x))
    offset = torch.stack((x, y), -1) * scale[:, None, None]
    return turn(offset, direction[:, None])


def sample_oriented_roi(
    image: Tensor,
    centre: Tensor,
    direction: Tensor,
    scale: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
) -> Tensor:
    """Crop a turned ROI by bilinear sampling; the crop shows it straightened.

    Args:
        image: (B, C, H, W).
        centre: (B, 2), ``(x, y)`` normalised to [0, 1] of the image edge to edge.
        direction: (B, 2), ``(cos, sin)``.
        scale: (B,), > 0.
        roi_size: (h, w) of the ROI at scale 1 in image pixels.
        output_size: (h, w) of the crop.

    Returns:
        (B, C, h, w), of ``output_size``; zero where it leaves the image.
    """
    extent = centre.new_tensor(image.shape[:-3:-1])
    offset = _offsets(direction, scale, roi_size, output_size)
    grid = (centre[:, None] + offset / extent) * 2 - 1
    grid = grid.view(-1, *output_size, 2).to(image.dtype)
    return F.grid_sample(image, grid, 'bilinear', 'zeros', False)


def _axis_neighbours(position: Tensor, extent: int) -> list[tuple[Tensor, Tensor]]:
    """Two pixels of one axis and their weights; those outside have weight zero."""
    first = position.detach().floor()
    fraction = position - first
    neighbours = []
    for index, weight in ((first, 1 - fraction), (first + 1, fraction)):
        nearest = index.clamp(0, extent - 1)
        inside = (1 - (index - nearest).abs()).clamp(min=0)
        neighbours.append((nearest.long(), weight * inside))
    return neighbours


def sample_oriented_roi_gather(
    image: Tensor,
    centre: Tensor,
    direction: Tensor,
    scale: Tensor,
    roi_size: tuple[int, int],
    output_size: tuple[int, int],
    prepare: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """:func:`sample_oriented_roi` by gathers and products.

    Four pixels are gathered for each of the crop's, whatever the size of the image.
    Inference engines without GridSample, TensorRT 8.2 among them, run this form.

    Args:
        image, centre, direction, scale, roi_size, output_size: As there.
        prepare: See :func:`mmacnn.ops.sample_roi_separable`.
    """
    height, width = image.shape[-2:]
    offset = _offsets(direction, scale, roi_size, output_size) - 0.5
    columns, rows = (
        _axis_neighbours(centre[:, None, i] * extent + offset[:, :, i], extent)
        for i, extent in enumerate((width, height))
    )
    index = torch.stack([y * width + x for y, _ in rows for x, _ in columns], 1)
    weights = torch.stack([y * x for _, y in rows for _, x in columns], 1)
    # A constant, also where tracing makes the size of the batch a variable.
    channels = int(image.shape[1])
    # Each channel gathers the same pixels; a sum exports plainer than expand().
    index = index.flatten(1)[:, None] + index.new_zeros(1, channels, 1)
    pixels = image.flatten(2).gather(2, index).view(-1, channels, *weights.shape[1:])
    pixels = pixels if prepare is None else prepare(pixels)
    crop = (pixels * weights[:, None].to(pixels.dtype)).sum(2)
    return crop.view(-1, channels, *output_size)


def oriented_corners(
    centre: Tensor, direction: Tensor, scale: Tensor, roi_size: tuple[int, int]
) -> Tensor:
    """Corners of turned ROIs.

    Args:
        centre: (B, 2), ``(x, y)`` in pixels.
        direction: (B, 2), ``(cos, sin)``.
        scale: (B,), > 0.
        roi_size: (h, w) of the ROI at scale 1 in pixels.

    Returns:
        (B, 4, 2), ``(x, y)`` in pixels: what the crop shows upper left, upper right,
        lower right, lower left.
    """
    height, width = roi_size
    corners = centre.new_tensor([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    offset = corners * centre.new_tensor((width, height)) * scale[:, None, None]
    return centre[:, None] + turn(offset, direction[:, None])
