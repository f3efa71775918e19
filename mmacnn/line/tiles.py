# Copyright (c) mmacnn authors. All rights reserved.
"""A large photograph in overlapping tiles, and what was found in them as one."""

import math

import numpy as np

MIN_TILE, MAX_OVERLAP = 32, 0.9
SAME = 0.5  # Fraction of the smaller box that lies in the other one.
SURE = 0.5  # Fraction of the surer one's score that a box needs to make it larger.
NO_TILES = (
    'tile: found a model that does not tell good from defective, expected a detector, '
    'an anomaly detector, or a classifier of two classes with a map'
)


def tile_windows(size, tile, overlap):
    """Where the tiles lie, spread evenly, each inside of the image.

    Args:
        size (tuple): (height, width) of the image in pixels.
        tile (int): side of a tile.
        overlap (float): least fraction of a tile that its neighbour shows too, in
            [0, 1).

    Returns:
        list: (left, top, right, bottom) of each, row by row.

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


def merge_boxes(boxes, scores, labels, tiles):
    """One box for an object that several tiles show.

    From the surest box down, boxes of its class in other tiles go where half of the
    smaller of the two lies in the other. What an edge has cut is put together again.
    Boxes of one tile stay as the detector left them.

    Args:
        boxes (np.ndarray): (N, 4) xyxy in pixels of the image.
        scores (np.ndarray): (N,).
        labels (np.ndarray): (N,) classes.
        tiles (np.ndarray): (N,) number of the tile that each was found in.

    Returns:
        tuple: (M, 4) boxes, and (M,) the indices of those that they were, the surest
        first.
    """
    boxes = boxes.copy()
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1)
    left = np.argsort(-scores, kind='stable')
    kept = []
    while len(left):
        first, left = left[0], left[1:]
        box = boxes[first]
        low = np.maximum(box[:2], boxes[left, :2])
        high = np.minimum(box[2:], boxes[left, 2:])
        shared = np.clip(high - low, 0, None).prod(1)
        smaller = np.clip(np.minimum(areas[first], areas[left]), 1e-6, None)
        is_same = (
            (shared >= SAME * smaller)
            & (labels[left] == labels[first])
            & (tiles[left] != tiles[first])
        )
        sure = left[is_same & (scores[left] >= SURE * scores[first])]
        found = np.concatenate((box[None], boxes[sure]))
        boxes[first] = np.concatenate((found[:, :2].min(0), found[:, 2:].max(0)))
        kept.append(first)
        left = left[~is_same]
    indices = np.array(kept, int)
    return boxes[indices], indices


def badness(scores, anomaly_score, has_map):
    """How far from good a tile is, comparable between tiles.

    Args:
        scores (sequence): of the classes; None where the model has none.
        anomaly_score (float): of the tile; None where the model has none.
        has_map (bool): whether there is a map.

    Returns:
        float: the higher, the worse; None for a model that does not tell good from
        defective: see ``NO_TILES``.
    """
    if anomaly_score is not None:
        return float(anomaly_score)
    if not has_map or scores is None or len(scores) != 2:
        return None
    return float(scores[1])


class MergedMaps:
    """The maximum of the tiles' maps, the union of their masks, and the worst tile.

    Args:
        size (tuple): (H, W) of the image.

    Attributes:
        heatmap (np.ndarray): (H, W) float32; None where no tile has one.
        mask (np.ndarray): (H, W) bool; None where no tile has one.
        worst: prediction of the tile of the highest badness, the first of several.
    """

    def __init__(self, size):
        self.size = size
        self.heatmap = self.mask = self.worst = self._badness = None

    def add(self, window, prediction, how_bad, heatmap, mask):
        """Take a tile.

        Args:
            window (tuple): see :func:`tile_windows`.
            prediction: of the tile.
            how_bad (float): of it, see :func:`badness`.
            heatmap (np.ndarray): (h, w) float32 of the window's size, or None.
            mask (np.ndarray): (h, w) bool of the window's size, or None.
        """
        if self._badness is None or how_bad > self._badness:
            self.worst, self._badness = prediction, how_bad
        left, top, right, bottom = window
        part = slice(top, bottom), slice(left, right)
        if heatmap is not None:
            if self.heatmap is None:
                self.heatmap = np.full(self.size, -np.inf, np.float32)
            np.maximum(self.heatmap[part], heatmap, out=self.heatmap[part])
        if mask is not None:
            if self.mask is None:
                self.mask = np.zeros(self.size, bool)
            self.mask[part] |= mask
