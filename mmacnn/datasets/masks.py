# Copyright (c) mmacnn authors. All rights reserved.
"""Masks of defects beside images in folders of classes: all, some or none."""

import logging
import os.path as osp
from collections.abc import Sequence

import cv2
import mmcv
import numpy as np
from mmengine.logging import print_log

from mmacnn.utils import InputError

from .image_files import list_files_below, read_image, read_image_size
from .yolo_roi import choose_boxes

MASK_SUFFIX = '.png'


def add_masks(
    data_list: list[dict], files: Sequence[str], folder: str, needs_all: bool
) -> None:
    """Add ``mask_path`` to each image whose mask is known: None for a good one.

    Args:
        data_list: Of each image ``img_path`` and ``gt_label``, 0 for a good one.
        files: Of each image its path below the folder of images.
        folder: Of the masks.
        needs_all: Whether every defective image must have one, as for a test.

    Raises:
        FileNotFoundError: A mask is missing, and all are needed.
        InputError: A mask belongs to no image, or marks a defect on a good one; where
            not all are needed also: it is not of its image's size. There a mask that
            marks nothing counts as none, with a warning.
    """
    empty = []
    there = set(list_files_below(folder, (MASK_SUFFIX,)))
    for info, file in zip(data_list, files, strict=True):
        name = osp.splitext(file)[0] + MASK_SUFFIX
        path = osp.join(folder, name)
        if info['gt_label'] == 0:
            info['mask_path'] = None
            if name in there:
                _require_empty(path, info['img_path'])
        elif name in there:
            if needs_all or _is_marked(path, info['img_path']):
                info['mask_path'] = path
            else:
                empty.append(path)
        elif needs_all:
            raise FileNotFoundError(
                f'{path}: found no such mask, expected one for {info["img_path"]}'
            )
        there.discard(name)
    if empty:
        print_log(
            f'{empty[0]}: found an empty mask of a defective image ({len(empty)} in '
            'all), taken as not known',
            logger='current',
            level=logging.WARNING,
        )
    if there and not needs_all:
        raise InputError(
            f'{osp.join(folder, min(there))}: found a mask without an image '
            f'({len(there)} in all), expected the name and folder of its image'
        )


def keep_masks(data_list: list[dict], folder: str, fraction: float, seed: int) -> None:
    """Keep a fraction of the masks, stratified by class; forget the others.

    Args:
        data_list: Of :func:`add_masks`.
        folder: Of the masks, for the message.
        fraction: In [0, 1].
        seed: Another seed keeps other masks.

    Raises:
        InputError: A fraction of no mask at all is to be kept.
    """
    masked = [info for info in data_list if info.get('mask_path') is not None]
    if not masked and fraction > 0:
        raise InputError(
            f'{folder}: found no mask of any image, expected some, in the folders of '
            f'the classes, named as the images and ending in {MASK_SUFFIX} '
            '(mask_fraction=0 trains without)'
        )
    kept = choose_boxes([info['gt_label'] for info in masked], fraction, seed)
    for index in set(range(len(masked))) - set(kept.tolist()):
        del masked[index]['mask_path']


def read_mask(path: str, size: tuple[int, int], image: str) -> np.ndarray:
    """Return (H, W) numbers, not 0 on the defect.

    Args:
        path: The mask.
        size: ``(height, width)`` of the image.
        image: The image, for the message.

    Raises:
        InputError: It is no picture, or not of the image's size.
    """
    found = read_image_size(path)
    if found != tuple(size):
        raise InputError(
            f'{path}: found {found[0]}x{found[1]}, expected a mask of '
            f'{size[0]}x{size[1]} pixels as {image}'
        )
    return read_image(path, _read_grey)


def _read_grey(path: str) -> np.ndarray | None:
    return mmcv.imread(path, flag=cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)


def _require_empty(path: str, image: str) -> None:
    if _is_marked(path, image):
        raise InputError(
            f'{path}: found a defect marked on {image}, an image of the good class, '
            'expected an empty mask, none, or the image in another class'
        )


def _is_marked(path: str, image: str) -> bool:
    return bool(read_mask(path, read_image_size(image), image).any())
