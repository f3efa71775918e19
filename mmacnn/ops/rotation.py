# Copyright (c) mmacnn authors. All rights reserved.
"""Rotation of images about their middle."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def rotate(images: Tensor, degrees: Tensor) -> Tensor:
    """Rotate each image by its own angle, bilinear, zeros from outside.

    Args:
        images: (B, C, H, W).
        degrees: (B,), counter-clockwise as seen on the picture.

    Returns:
        (B, C, H, W).

    Example:
        >>> image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> rotate(image, torch.tensor([90.0])).round(decimals=4)
        tensor([[[[2., 4.],
                  [1., 3.]]]])
    """
    height, width = images.shape[-2:]
    radians = degrees.to(images) * (math.pi / 180)
    cos, sin = radians.cos(), radians.sin()
    zero = torch.zeros_like(cos)
    # affine_grid counts in half sides, which are not the same length.
    rows = (
        torch.stack((cos, -sin * (height / width), zero), 1),
        torch.stack((sin * (width / height), cos, zero), 1),
    )
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode='zeros', align_corners=False)


def rotate_all(images: Tensor, degrees: float) -> Tensor:
    """Rotate all images (B, C, H, W) by the same angle, see :func:`rotate`."""
    return rotate(images, images.new_full((len(images),), degrees))


def quarter_turn(images: Tensor, turns: int) -> Tensor:
    """Rotate square images by multiples of 90 degrees, exactly.

    Args:
        images: (B, C, S, S).
        turns: Quarters of a turn, counter-clockwise as seen on the picture.

    Raises:
        ValueError: The images are not square.
    """
    turns %= 4
    if turns % 2 and images.shape[-1] != images.shape[-2]:
        raise ValueError(
            f'quarter_turn: found images of {tuple(images.shape[-2:])} pixels, '
            'expected square ones'
        )
    if turns == 0:
        return images
    if turns == 2:
        return images.flip((2, 3))
    flipped = images.flip(3) if turns == 1 else images.flip(2)
    return flipped.transpose(2, 3)


def rotations(images: Tensor, degrees: Sequence[float]) -> Tensor:
    """Every image rotated by every angle.

    Angles that are a quarter turn apart share the sampling where images are square: it
    is done once, and the quarter turns are exact. Those of 0, 90, 180 and 270 degrees
    take none.

    Args:
        images: (B, C, H, W).
        degrees: N angles, counter-clockwise as seen on the picture.

    Returns:
        (B, N, C, H, W).

    Example:
        >>> image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> rotations(image, (0, 90)).shape
        torch.Size([1, 2, 1, 2, 2])
    """
    square = images.shape[-1] == images.shape[-2]
    sampled: dict[float, Tensor] = {}
    turned = []
    for angle in degrees:
        angle = angle % 360
        turns, rest = divmod(angle, 90) if square else (angle // 180 * 2, angle % 180)
        if rest not in sampled:
            sampled[rest] = rotate_all(images, rest) if rest else images
        turned.append(quarter_turn(sampled[rest], int(turns)))
    return torch.stack(turned, 1)
