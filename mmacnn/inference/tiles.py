# Copyright (c) mmacnn authors. All rights reserved.
"""A large photograph in overlapping tiles, and what was found in them as one."""

import math

import torch
from torch import Tensor

SAME = 0.5  # Fraction of the smaller box that lies in the other one.
SURE = 0.5  # Fraction of the surer one's score that a box needs to make it larger.


def tile_windows(
    size: tuple[int, int], tile: int, overlap: float
) -> list[tuple[int, int, int, int]]:
    """Where the tiles lie, spread evenly, each inside of the image.

    Args:
        size: (height, width) of the image in pixels.
        tile: Side of a tile.
        overlap: Least fraction of a tile that its neighbour shows too, [0, 1).

    Returns:
        (left, top, right, bottom) of each, row by row.

    Example:
        >>> tile_windows((100, 150), 100, 0.2)
        [(0, 0, 100, 100), (50, 0, 150, 100)]
    """
    step = max(1, math.floor(tile * (1 - overlap)))
    tops, lefts = ([0], [0])
    for starts, side in ((tops, size[0]), (lefts, size[1])):
        count = math.ceil(max(0, side - tile) / step)
        starts += [round((side - tile) * k / count) for k in range(1, count + 1)]
    height, width = size
    return [
        (left, top, min(left + tile, width), min(top + tile, height))
        for top in tops
        for left in lefts
    ]


def merge_boxes(
    boxes: Tensor, scores: Tensor, labels: Tensor, tiles: Tensor
) -> tuple[Tensor, Tensor]:
    """One box for an object that several tiles show.

    From the surest box down, boxes of its class in other tiles go where half of the
    smaller of the two lies in the other. What an edge has cut is put together again.
    Boxes of one tile stay as the detector left them.

    Args:
        boxes: (N, 4) xyxy in pixels of the image.
        scores: (N,).
        labels: (N,) classes.
        tiles: (N,) number of the tile that each was found in.

    Returns:
        (M, 4) boxes, and (M,) the indices of those that they were, surest first.
    """
    boxes = boxes.clone()
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)
    left = scores.argsort(descending=True, stable=True)
    kept = []
    while len(left):
        first, left = left[0], left[1:]
        box = boxes[first]
        low = torch.maximum(box[:2], boxes[left, :2])
        high = torch.minimum(box[2:], boxes[left, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        smaller = torch.minimum(areas[first], areas[left]).clamp(min=1e-6)
        is_same = (
            (shared >= SAME * smaller)
            & (labels[left] == labels[first])
            & (tiles[left] != tiles[first])
        )
        sure = left[is_same & (scores[left] >= SURE * scores[first])]
        found = torch.cat((box[None], boxes[sure]))
        boxes[first] = torch.cat((found[:, :2].amin(0), found[:, 2:].amax(0)))
        kept.append(first)
        left = left[~is_same]
    indices = torch.stack(kept) if kept else left
    return boxes[indices], indices
