# Copyright (c) mmacnn authors. All rights reserved.
"""Masks as COCO's run lengths, and the objects in a mask."""

import cv2
import numpy as np

from mmacnn.datasets.image_files import read_image, read_image_size
from mmacnn.datasets.pixels import read_pixels
from mmacnn.utils import InputError

from .annotations import Box, LabelledImage, LabelledObject, Notes

FEW_VALUES = 32  # More grey levels in a mask come from a lossy file.


def run_lengths(mask: np.ndarray) -> tuple[dict, Box]:
    """Return a mask's compressed run lengths and the box round it.

    Args:
        mask: (H, W) uint8, 0 or 1, not 0 everywhere.
    """
    from pycocotools import mask as coco_mask

    encoded = coco_mask.encode(np.asfortranarray(mask))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    outline = dict(size=list(mask.shape), counts=encoded['counts'].decode())
    return outline, tuple(map(float, box))


def read_mask(path: str, size: tuple[int, int], notes: Notes) -> np.ndarray:
    """Read a mask of any depth and file type.

    Args:
        path: The picture.
        size: (height, width) of its image.
        notes: Where a lossy mask is counted.

    Returns:
        (H, W) integer, 0 outside of the objects. A file of many grey levels, which a
        lossy format makes, is cut at half of its brightest.

    Raises:
        InputError: It is damaged, of another size, or coloured.
    """
    found = read_image_size(path)
    if found != tuple(size):
        raise InputError(
            f'{path}: found a mask of {found[1]}x{found[0]} pixels, expected '
            f'{size[1]}x{size[0]} as the image'
        )
    mask = read_image(path, _read_any)
    if mask.ndim == 3:
        mask = mask[..., :3]
        if (mask != mask[..., :1]).any():
            raise InputError(
                f'{path}: found a mask in colours, expected grey levels, 0 outside of '
                'the objects'
            )
        mask = mask[..., 0]
    mask = mask.astype(np.int32)
    if len(values_of(mask)) > FEW_VALUES:
        notes.add('mask of many grey levels (a lossy file), cut at the half', path)
        mask = (mask > mask.max() / 2).astype(np.int32)
    return mask


def values_of(mask: np.ndarray) -> np.ndarray:
    """The different values in a mask of whole numbers from 0, sorted."""
    if mask.max() < 1 << 16:
        return np.flatnonzero(np.bincount(mask.ravel()))
    return np.unique(mask)


def _read_any(path: str) -> np.ndarray | None:
    return read_pixels(path, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)


def add_objects(
    image: LabelledImage, path: str, name: str | None, notes: Notes
) -> set[int]:
    """Make each connected part of a mask an object.

    Args:
        image: The image, which gets the objects.
        path: The mask.
        name: Class of the objects; by default their value in the mask, as text.
        notes: See :func:`read_mask`.

    Returns:
        The values above 0 in the mask.
    """
    mask = read_mask(path, image.size, notes)
    values = {int(value) for value in values_of(mask) if value}
    image.has_mask = True
    for value in sorted(values) if name is None else [None]:
        chosen = (mask != 0 if value is None else mask == value).astype(np.uint8)
        count, parts = cv2.connectedComponents(chosen, connectivity=8)
        for number in range(1, count):
            outline, box = run_lengths((parts == number).astype(np.uint8))
            image.objects.append(
                LabelledObject(name or str(value), box, outline, where=path)
            )
    return values
