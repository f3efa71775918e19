# Copyright (c) mmacnn authors. All rights reserved.
"""From a defect map to regions: which pixels are marked, and what can be measured."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor


class RegionRule(NamedTuple):
    """How a map becomes regions.

    Args:
        margin: A region reaches as far as the map is above the threshold less this, in
            the map's unit, if it is above the threshold somewhere (hysteresis).
        min_area: Regions of less are dropped, in pixels of the image.
        mm_per_pixel: Side of a pixel of the image on the part, in millimetres; None
            where it is not known.
    """

    margin: float = 0.0
    min_area: float = 0.0
    mm_per_pixel: float | None = None


def mark_regions(
    heatmap: Tensor,
    threshold: float,
    rule: RegionRule,
    scale: Sequence[float] = (1.0, 1.0),
) -> Tensor:
    """Mark where a map shows a defect.

    Args:
        heatmap: (H, W).
        threshold: A region has a pixel above it.
        rule: How far it reaches, and how small it may be.
        scale: Pixels of the map in a pixel of the image, (x, y).

    Returns:
        (H, W) bool.

    Example:
        >>> heatmap = torch.tensor([[0.0, 2.0, 5.0, 2.0, 0.0, 2.0]])
        >>> mark_regions(heatmap, 4.0, RegionRule(margin=3.0)).int()
        tensor([[0, 1, 1, 1, 0, 0]], dtype=torch.int32)
    """
    marked = heatmap > threshold
    if not (rule.margin or rule.min_area) or not marked.any():
        return marked
    wide = (heatmap > threshold - rule.margin).cpu().numpy().astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    kept = np.zeros(count, bool)
    kept[labels[marked.cpu().numpy()]] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= rule.min_area * scale[0] * scale[1]
    return torch.from_numpy(kept[labels]).to(heatmap.device)


class Regions(NamedTuple):
    """Connected parts of a mask, the largest first.

    Args:
        boxes: (N, 4) float64, xyxy in pixels, edges and not pixel indices.
        areas: (N,) int, pixels.
        labels: (H, W) int32, 0 where the mask is off, n + 1 in region n.
    """

    boxes: np.ndarray
    areas: np.ndarray
    labels: np.ndarray


def connected_regions(mask: np.ndarray) -> Regions:
    """Split a mask into its connected parts; pixels that meet at a corner connect.

    Args:
        mask: (H, W), bool or numbers, on where not zero.

    Example:
        >>> mask = np.zeros((4, 6))
        >>> mask[0, 0] = mask[2:4, 3:6] = 1
        >>> connected_regions(mask).boxes.tolist()
        [[3.0, 2.0, 6.0, 4.0], [0.0, 0.0, 1.0, 1.0]]
    """
    binary = (np.asarray(mask) != 0).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    stats = stats[1:]  # the first is what lies between them
    order = np.argsort(-stats[:, cv2.CC_STAT_AREA], kind='stable')
    rank = np.zeros(count, np.int32)
    rank[order + 1] = np.arange(1, count)
    boxes = stats[order, :4].astype(np.float64)
    boxes[:, 2:] += boxes[:, :2]
    return Regions(boxes, stats[order, cv2.CC_STAT_AREA], rank[labels])


def region_sides(
    regions: Regions, scale: Sequence[float] = (1.0, 1.0)
) -> list[tuple[float, float]]:
    """Length and width of each region: the smallest turned rectangle round it.

    Args:
        regions: Of :func:`connected_regions`.
        scale: Pixels of the mask in a pixel of the image, (x, y).

    Returns:
        Of each region the longer and the shorter side in pixels of the image.

    Example:
        >>> mask = np.zeros((9, 9))
        >>> mask[2:4, 1:7] = 1
        >>> region_sides(connected_regions(mask))
        [(6.0, 2.0)]
    """
    sides = []
    for index, (left, top, right, bottom) in enumerate(regions.boxes.astype(int)):
        region = regions.labels[top:bottom, left:right] == index + 1
        # The ends of each row: what lies between them changes no rectangle round it.
        rows = np.arange(len(region))
        first = region.argmax(1)
        last = region.shape[1] - region[:, ::-1].argmax(1)
        x = np.concatenate((first, first, last, last)) / scale[0]
        y = np.concatenate((rows, rows + 1, rows, rows + 1)) / scale[1]
        _, size, _ = cv2.minAreaRect(np.stack((x, y), 1).astype(np.float32))
        sides.append((float(max(size)), float(min(size))))
    return sides


def measure_regions(
    mask: np.ndarray,
    scale: Sequence[float] = (1.0, 1.0),
    mm_per_pixel: float | None = None,
) -> list[dict]:
    """Where each connected part of a mask is, and how large.

    Args:
        mask: (H, W), on where not zero.
        scale: Pixels of the mask in a pixel of the image, (x, y).
        mm_per_pixel: Of the image; None where it is not known.

    Returns:
        Of each region, the largest first: ``box``, xyxy in pixels of the image;
        ``area``, fraction of the mask; ``sides``, see :func:`region_sides`; ``pixels``,
        its area in pixels of the image; and with ``mm_per_pixel`` also ``box_mm``,
        ``sides_mm`` and ``area_mm2``.

    Example:
        >>> mask = np.zeros((9, 9))
        >>> mask[2:4, 1:7] = 1
        >>> (region,) = measure_regions(mask, mm_per_pixel=0.5)
        >>> region['box'], region['pixels'], region['sides_mm'], region['area_mm2']
        ((1.0, 2.0, 7.0, 4.0), 12.0, (3.0, 1.0), 3.0)
    """
    regions = connected_regions(mask)
    boxes = regions.boxes / np.tile(scale, 2)
    pixels = regions.areas / (scale[0] * scale[1])
    found = [
        dict(
            box=tuple(box.tolist()), area=float(area), sides=sides, pixels=float(count)
        )
        for box, area, sides, count in zip(
            boxes,
            regions.areas / mask.size,
            region_sides(regions, scale),
            pixels,
            strict=True,
        )
    ]
    if mm_per_pixel is not None:
        for each in found:
            each['box_mm'] = tuple(edge * mm_per_pixel for edge in each['box'])
            each['sides_mm'] = tuple(side * mm_per_pixel for side in each['sides'])
            each['area_mm2'] = each['pixels'] * mm_per_pixel**2
    return found
