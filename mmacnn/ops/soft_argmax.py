# Copyright (c) mmacnn authors. All rights reserved.
"""Spatial soft-argmax and the Gaussian that a heat map is taught with.

Nibali et al., *Numerical Coordinate Regression with Convolutional Neural Networks*,
arXiv 1801.07372, section 4.1.
"""

import torch
from torch import Tensor


def _cell_centres(extent: int, like: Tensor) -> Tensor:
    """Centres of ``extent`` cells, normalised to [0, 1] edge to edge."""
    return (torch.arange(extent, device=like.device, dtype=like.dtype) + 0.5) / extent


def _nearness(cell: Tensor, extent: int, window: int, like: Tensor) -> Tensor:
    """(B, extent): 1 where a cell is at most ``window`` cells away, else 0."""
    cells = torch.arange(extent, device=like.device, dtype=like.dtype)
    distance = (cells - cell[:, None].to(like)).abs()
    return (window + 1 - distance).clamp(0, 1)


def around_peak(heatmap: Tensor, window: int, logits: Tensor | None = None) -> Tensor:
    """A heat map without all that is far from its peak, made to sum to 1.

    Args:
        heatmap: (B, H, W), >= 0.
        window: Rows and columns that are kept on each side of the peak.
        logits: What is highest at the peak; the heat map itself by default.

    Returns:
        (B, H, W).
    """
    height, width = heatmap.shape[-2:]
    # Plain arithmetic, no modulo and no comparison: TensorRT 8.2 lacks the one and
    # a mask of zeros and ones is what the other would be turned into.
    peak = (heatmap if logits is None else logits).detach().flatten(1).argmax(1)
    row = peak.div(width, rounding_mode='trunc')
    near_rows = _nearness(row, height, window, heatmap)
    near_columns = _nearness(peak - row * width, width, window, heatmap)
    mass = heatmap * near_rows[:, :, None] * near_columns[:, None, :]
    return mass / mass.sum((1, 2), keepdim=True)


def soft_argmax(logits: Tensor, window: int | None = None) -> tuple[Tensor, Tensor]:
    """Expected position under the softmax of a heat map.

    Args:
        logits: (B, H, W).
        window: Take the mean only over the cells at most this many rows and columns
            from the highest one. A mean over the whole map lies between two
            candidates; within a window it lies on the better one. None is the whole
            map.

    Returns:
        centre (B, 2), ``(x, y)`` normalised to [0, 1] edge to edge, and the softmax
        over the whole map (B, H, W), which sums to 1.

    Example:
        >>> logits = torch.full((1, 2, 4), -100.0)
        >>> logits[0, 1, 0] = 100
        >>> soft_argmax(logits)[0]
        tensor([[0.1250, 0.7500]])
    """
    height, width = logits.shape[-2:]
    heatmap = logits.flatten(1).softmax(1).view(-1, height, width)
    mass = heatmap
    if window is not None:
        mass = around_peak(heatmap, window, logits)
    x = (mass.sum(1) * _cell_centres(width, mass)).sum(1)
    y = (mass.sum(2) * _cell_centres(height, mass)).sum(1)
    return torch.stack((x, y), dim=1), heatmap


def gaussian_heatmap(
    centre: Tensor, sigma: tuple[float, float], size: tuple[int, int]
) -> Tensor:
    """Gaussians round ``centre``, each normalised to sum to 1.

    Args:
        centre: (B, 2), ``(x, y)`` normalised to [0, 1] edge to edge.
        sigma: (vertical, horizontal) standard deviation in cells.
        size: (h, w) of the heat map in cells.

    Returns:
        (B, h, w).
    """
    x = (_cell_centres(size[1], centre) - centre[:, :1]) * size[1] / sigma[1]
    y = (_cell_centres(size[0], centre) - centre[:, 1:]) * size[0] / sigma[0]
    # Softmax, not exp: far outside the map the sum would underflow to 0 / 0.
    return (
        y.square().mul(-0.5).softmax(1)[:, :, None]
        * x.square().mul(-0.5).softmax(1)[:, None]
    )


def gaussian_peaks(
    centres: Tensor, sigma: tuple[float, float], size: tuple[int, int]
) -> Tensor:
    """Gaussians round several centres, of which each cell has the highest.

    Args:
        centres: (N, 2), ``(x, y)`` normalised to [0, 1] edge to edge; N may be 0.
        sigma: (vertical, horizontal) standard deviation in cells.
        size: (h, w) of the heat map in cells.

    Returns:
        (h, w), 1 in the cells that hold a centre, else below 1.
    """
    height, width = size
    heatmap = centres.new_zeros(size)
    for x, y in centres * centres.new_tensor((width, height)):
        column, row = x.long().clamp(0, width - 1), y.long().clamp(0, height - 1)
        across = torch.arange(width, device=centres.device) - column
        down = torch.arange(height, device=centres.device) - row
        across, down = (across / sigma[1]).square(), (down / sigma[0]).square()
        heatmap = heatmap.maximum((-0.5 * (down[:, None] + across)).exp())
    return heatmap
