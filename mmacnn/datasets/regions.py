# Copyright (c) mmacnn authors. All rights reserved.
"""Regions of an image as people store them, and the masks that they stand for.

A region is a list of polygons or a run-length encoding as in COCO, the path of a mask,
or the mask itself. What pycocotools takes for granted is checked here: it reads memory
that is not its own where an encoding is too short or a polygon's point far away.
"""

import math
import os.path as osp
from numbers import Integral, Real
from pathlib import Path

import cv2
import mmcv
import numpy as np

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .image_files import read_image, read_image_size

Region = list | dict | str | Path | np.ndarray

MIN_NUMBERS = 6  # Of a polygon: x and y of three points.
MAX_BITS = 60  # Of a run length: an image has fewer pixels.


def decode_region(region: Region, size: tuple[int, int], where: str) -> np.ndarray:
    """Turn a region into its mask.

    Args:
        region: Polygons ``[[x0, y0, x1, y1, ...], ...]`` in pixels, whose union it is;
            run lengths ``{'size': [height, width], 'counts': ...}``, compressed or
            not; the path of a mask's picture; or the mask, (H, W), of numbers. A mask
            is 0 but on the region, where it has one other value.
        size: (height, width) of the image.
        where: Whose region it is, for messages.

    Returns:
        (H, W) uint8, 1 on the region and 0 elsewhere, not 0 everywhere.

    Raises:
        FileNotFoundError: There is no such mask.
        InputError: The region is none of these, is empty, or does not fit the image.
    """
    if isinstance(region, str | Path):
        where, region = str(region), _read_mask(str(region), size)
    if isinstance(region, np.ndarray):
        mask = _from_mask(region, size, where)
    else:
        check_outline(region, size, where)
        mask = _from_outline(region, size, where)
    if not mask.any():
        raise InputError(
            f'{where}: found an empty region, expected one that covers at least a pixel'
        )
    return mask


def check_outline(region: list | dict, size: tuple[int, int], where: str) -> None:
    """Look at polygons or run lengths without making the mask.

    Args:
        region, size, where: See :func:`decode_region`.

    Raises:
        InputError: They are not what COCO describes, or of another image.
    """
    if isinstance(region, dict):
        _check_run_lengths(region, size, where)
    elif isinstance(region, list) and region:
        for polygon in region:
            _check_polygon(polygon, size, where)
    else:
        raise InputError(
            f'{where}: found the segmentation {short(region)}, expected polygons '
            '[[x0, y0, x1, y1, ...], ...] or run lengths {"size": ..., "counts": ...}'
        )


def _check_polygon(polygon: list, size: tuple[int, int], where: str) -> None:
    height, width = size
    if not isinstance(polygon, list) or len(polygon) < MIN_NUMBERS or len(polygon) % 2:
        raise InputError(
            f'{where}: found the polygon {short(polygon)}, expected three or more '
            'points [x0, y0, x1, y1, ...]'
        )
    is_plain = all(isinstance(number, Real) for number in polygon)
    try:
        points = np.array(polygon if is_plain else [np.nan] * 2, float).reshape(-1, 2)
    except OverflowError:  # a whole number beyond all floats
        points = np.full((1, 2), np.nan)
    # Some tools draw beyond the edge; far beyond, it is another image's.
    if not ((points >= (-width, -height)) & (points <= (2 * width, 2 * height))).all():
        raise InputError(
            f'{where}: found the polygon {short(polygon)}, expected coordinates on '
            f'the {width}x{height} image'
        )
    # pycocotools makes room for each pixel of the outline, and five times that.
    steps = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1)
    if steps.sum() > height * width + 4 * (height + width):
        raise InputError(
            f'{where}: found a polygon of {len(points)} points whose outline is longer '
            f'than the {width}x{height} image has pixels, expected the outline of a '
            'region'
        )


def _check_run_lengths(region: dict, size: tuple[int, int], where: str) -> None:
    missing = [key for key in ('size', 'counts') if key not in region]
    if missing:
        raise InputError(f'{where}: found run lengths without {missing[0]!r}')
    found = region['size']
    if not isinstance(found, list | tuple) or list(found) != list(size):
        raise InputError(
            f'{where}: found run lengths of size {short(found)}, expected that of the '
            f'image, [{size[0]}, {size[1]}] (height, width)'
        )
    if not isinstance(region['counts'], list | str | bytes):
        raise InputError(
            f'{where}: found the counts {short(region["counts"])}, expected a list of '
            'run lengths or a string of them'
        )


def _from_outline(region: list | dict, size: tuple[int, int], where: str) -> np.ndarray:
    if isinstance(region, list):
        # Late, because only polygons need it.
        from pycocotools import mask as coco_mask

        return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(region, *size)))
    counts = region['counts']
    if not isinstance(counts, list):
        counts = _decompress(counts, where)
    whole = math.prod(size)
    are_lengths = all(isinstance(n, Integral) and 0 <= n <= whole for n in counts)
    if not are_lengths or sum(counts) != whole:
        total = sum(counts) if are_lengths else short(counts)
        raise InputError(
            f'{where}: found run lengths of {total} pixels, expected '
            f'{whole}, those of the {size[1]}x{size[0]} image'
        )
    values = np.arange(len(counts), dtype=np.uint8) % 2
    return np.repeat(values, counts).reshape(size, order='F')


def _decompress(text: str | bytes, where: str) -> list[int]:
    """Run lengths out of COCO's string.

    A number is written in digits of 5 bits, the lowest first, with 0x20 where another
    digit follows and 0x10 in the last one of a negative number; from the fourth on they
    are differences from the last run but one.
    """
    text = text if isinstance(text, bytes) else text.encode(errors='replace')
    counts, number, shift = [], 0, 0
    for character in text:
        digit = character - 48
        number |= (digit & 0x1F) << shift
        shift += 5
        if shift > MAX_BITS:
            raise InputError(
                f'{where}: found the counts {short(text)}, expected run lengths'
            )
        if not digit & 0x20:
            number -= (digit & 0x10) << (shift - 4)
            counts.append(number + (counts[-2] if len(counts) > 2 else 0))
            number, shift = 0, 0
    return counts


def _read_mask(path: str, size: tuple[int, int]) -> np.ndarray:
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: found no such mask')
    found = read_image_size(path)
    if found != tuple(size):
        raise _wrong_size(path, found[::-1], size)
    mask = read_image(path, _read_any)
    if mask.ndim == 3:
        colours = mask[..., :3]
        if (colours != colours[..., :1]).any():
            raise InputError(f'{path}: found colours, expected a mask of two values')
        mask = colours[..., 0]
    return mask


def _read_any(path: str) -> np.ndarray | None:
    """A picture of any depth, turned as its EXIF note says."""
    return mmcv.imread(path, flag=cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)


def _wrong_size(where: str, found: tuple, size: tuple[int, int]) -> InputError:
    return InputError(
        f'{where}: found a mask of {"x".join(map(str, found))} pixels, expected '
        f'{size[1]}x{size[0]} as the image'
    )


def _from_mask(mask: np.ndarray, size: tuple[int, int], where: str) -> np.ndarray:
    if mask.shape != tuple(size):
        raise _wrong_size(where, (*mask.shape[1::-1], *mask.shape[2:]), size)
    if mask.dtype.kind not in 'biuf' or not np.isfinite(mask).all():
        raise InputError(
            f'{where}: found a mask of {mask.dtype} values, expected numbers'
        )
    values = np.unique(mask[mask != 0])
    if len(values) > 1:
        raise InputError(
            f'{where}: found a mask of {len(values) + 1} values, expected two: 0, and '
            'another one on the region (a file without loss, such as PNG)'
        )
    return (mask != 0).astype(np.uint8)
