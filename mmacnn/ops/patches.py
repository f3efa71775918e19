# Copyright (c) mmacnn authors. All rights reserved.
"""Local features as vectors: distances to a bank of them, and which ones to keep.

Only operators that TensorRT 8.2 has are used where a graph is exported.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def unit_length(features: Tensor, dim: int = 1) -> Tensor:
    """Features of Euclidean length 1, or 0 where all of them are 0."""
    square = features.square().sum(dim, keepdim=True)
    return features / (square + 1e-12).sqrt()


def local_mean(features: Tensor, kernel_size: int) -> Tensor:
    """Mean of each position's neighbourhood, of what lies inside the map.

    Args:
        features: (B, C, h, w).
        kernel_size: Side of the neighbourhood in cells, odd; 1 changes nothing.
    """
    if kernel_size == 1:
        return features
    return F.avg_pool2d(
        features, kernel_size, 1, kernel_size // 2, count_include_pad=False
    )


def nearest_distance(vectors: Tensor, bank: Tensor, is_held_out: Tensor | None = None):
    """Euclidean distance to the nearest vector of a bank.

    Computed as ``|a|^2 + |b|^2 - 2 a b``, a matrix product and a minimum.

    Args:
        vectors: (N, D).
        bank: (M, D).
        is_held_out: (M,) bool, vectors of the bank that do not count; not all of them.

    Returns:
        (N,), 0 or more.

    Example:
        >>> nearest_distance(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2))
        tensor([5.])
    """
    offsets = bank.square().sum(1)
    if is_held_out is not None:
        offsets = offsets.masked_fill(is_held_out, torch.inf)
    squares = (offsets - 2 * (vectors @ bank.t())).amin(1) + vectors.square().sum(1)
    return squares.clamp(min=1e-12).sqrt()


def greedy_coreset(
    vectors: Tensor, size: int, num_projections: int = 64, seed: int = 0
) -> Tensor:
    """Choose vectors so that each one left out is near to a chosen one.

    The greedy 2-approximation of the k-center problem: always the vector that lies
    farthest from those chosen so far. Distances are taken after a random projection,
    which keeps them nearly (Johnson and Lindenstrauss, 1984). Roth et al., *Towards
    Total Recall in Industrial Anomaly Detection*, CVPR 2022, section 3.2.

    Args:
        vectors: (N, D).
        size: How many to choose, 1 or more; all of them if there are fewer.
        num_projections: Dimensions to project to; no projection if D is not larger.
        seed: Of the projection and the first vector.

    Returns:
        (min(N, size),) indices, in the order of choice.
    """
    count, width = vectors.shape
    if count <= size:
        return torch.arange(count, device=vectors.device)
    generator = torch.Generator().manual_seed(seed)
    if width > num_projections:
        projection = torch.randn(width, num_projections, generator=generator)
        vectors = vectors @ (projection / num_projections**0.5).to(vectors)
    squares = vectors.square().sum(1)
    distances = torch.full_like(squares, torch.inf)
    chosen = torch.empty(size, dtype=torch.long, device=vectors.device)
    index = torch.randint(count, (), generator=generator).to(vectors.device)
    for step in range(size):
        chosen[step] = index
        new = torch.addmv(squares, vectors, vectors[index], alpha=-2) + squares[index]
        torch.minimum(distances, new, out=distances)
        index = distances.argmax()
    return chosen


def smooth_maps(maps: Tensor, sigma: float) -> Tensor:
    """Gaussian filter that counts only what lies inside the map.

    Args:
        maps: (B, H, W).
        sigma: Standard deviation in pixels; 0 changes nothing.
    """
    if sigma == 0:
        return maps
    reach = max(1, round(3 * sigma))
    steps = torch.arange(-reach, reach + 1, device=maps.device, dtype=torch.float32)
    weights = torch.exp(-0.5 * (steps / sigma).square())
    weights = (weights / weights.sum()).to(maps.dtype)
    maps = maps[:, None]
    ones = torch.ones_like(maps[:1])
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        kernel = weights.reshape(shape)
        padding = (kernel.shape[2] // 2, kernel.shape[3] // 2)
        maps = F.conv2d(maps, kernel, padding=padding)
        ones = F.conv2d(ones, kernel, padding=padding)
    return (maps / ones)[:, 0]


def resize_maps(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (B, h, w), edge to edge, as (B, H, W) of ``size``, bilinear."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    resized = F.interpolate(maps[:, None], size, mode='bilinear', align_corners=False)
    return resized[:, 0]
