# Copyright (c) mmacnn authors. All rights reserved.
"""Defect maps: from cells to pixels, and the regions that a threshold marks."""

import cv2
import numpy as np


def over_input(values, input_size, size, stride=None, offset=None):
    """Interpolate a map to the pixels of the network's input, without its padding.

    Args:
        values (np.ndarray): (h, w).
        input_size (tuple): (H, W) of the network's input, with its padding.
        size (tuple): (H, W) of the frame's part of it.
        stride (float): pixels of the input from one cell to the next; None where the
            map covers the input edge to edge.
        offset (float): centre of the first cell, in pixels from the input's edge.

    Returns:
        np.ndarray: of ``size``, float32. Beyond the outermost centres the values are
        theirs.
    """
    rows, columns = (
        _weights(cells, extent, pixels, stride, offset)
        for cells, extent, pixels in zip(values.shape, input_size, size)
    )
    return rows.dot(np.float32(values)).dot(columns.T)


def _weights(cells, extent, pixels, stride, offset):
    """How much of each cell is in each pixel, (pixels, cells): two neighbours."""
    if stride is None:
        stride = extent / cells
        offset = stride / 2
    place = np.clip((np.arange(pixels) + 0.5 - offset) / stride, 0, cells - 1)
    before = np.minimum(place.astype(int), max(cells - 2, 0))
    after = np.minimum(before + 1, cells - 1)
    weights = np.zeros((pixels, cells), np.float32)
    each = np.arange(pixels)
    weights[each, before] += 1 - (place - before)
    weights[each, after] += place - before
    return weights


def mark_regions(heatmap, facts, scale):
    """Mark where a map shows a defect.

    Args:
        heatmap (np.ndarray): (H, W).
        facts (dict): of the map in detail.json: ``threshold``, and maybe ``margin`` and
            ``min_area`` of mmacnn's ``RegionRule``.
        scale (tuple): (x, y), pixels of the map for one of the frame.

    Returns:
        np.ndarray: (H, W) bool.
    """
    threshold = facts['threshold']
    margin, min_area = (facts.get(key) or 0 for key in ('margin', 'min_area'))
    marked = heatmap > threshold
    if not (margin or min_area):
        return marked
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (heatmap > threshold - margin).astype(np.uint8), connectivity=8
    )
    kept = np.zeros(count, bool)
    kept[labels[marked]] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= min_area * scale[0] * scale[1]
    return kept[labels]


def connected_regions(mask, scale):
    """The connected parts of a mask, the largest part first.

    Args:
        mask (np.ndarray): (H, W) bool; pixels that meet at a corner connect.
        scale (tuple): (x, y), pixels of the mask for one of the frame.

    Returns:
        tuple: boxes (N, 4), xyxy in pixels, edges and not indices; areas (N,) in
        pixels; and of each part length and width in pixels of the frame, the sides of
        the smallest turned rectangle round it.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    # The first is what lies between them.
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind='mergesort')
    stats = stats[order]
    boxes = stats[:, :4].copy()
    boxes[:, 2:] += boxes[:, :2]
    sides = [
        _sides(labels[top:bottom, left:right] == number, scale)
        for number, (left, top, right, bottom) in zip(order, boxes)
    ]
    return boxes.astype(float), stats[:, cv2.CC_STAT_AREA], sides


def _sides(mask, scale):
    """The longer and the shorter side of the turned rectangle round a mask."""
    # The ends of each row: what lies between them changes no rectangle round it.
    rows = np.arange(len(mask))
    first, last = mask.argmax(1), mask.shape[1] - mask[:, ::-1].argmax(1)
    x = np.concatenate((first, first, last, last)) / scale[0]
    y = np.concatenate((rows, rows + 1, rows, rows + 1)) / scale[1]
    size = cv2.minAreaRect(np.float32(np.stack((x, y), 1)))[1]
    return float(max(size)), float(min(size))
