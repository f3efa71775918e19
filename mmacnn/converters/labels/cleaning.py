# Copyright (c) mmacnn authors. All rights reserved.
"""What any set of labels must be before it is written, whatever it was read from."""

import numpy as np

from mmacnn.datasets.regions import check_outline
from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet, Notes

LEAST_SIDE = 1.0  # Pixels; mmdet drops smaller boxes without a word.
LITTLE = 2.0  # Pixels that a box may reach over the edge,
LITTLE_FRACTION = 0.02  # or this fraction of the image's side.
FAR_FRACTION = 0.1  # More boxes than this far over the edge are no slip of the hand.
SAME_RATIO = 0.01  # Two sizes are one image's if their ratios differ by less.


def clean(dataset: LabelledSet, notes: Notes, rescale: bool = False) -> None:
    """Bring all labels into the form that is written, in place.

    Args:
        dataset: As it was read.
        notes: Where changes are counted.
        rescale: Whether labels that were drawn on the image in another size are
            brought to the image's size.

    Raises:
        InputError: A label is wrong, or so many that they mean something else.
    """
    far: list[str] = []
    count = 0
    for image in dataset.images:
        _match_size(image, notes, rescale)
        kept, seen = [], set()
        for item in image.objects:
            count += 1
            cleaned = _clean_object(item, image, notes, far)
            if cleaned is None:
                continue
            key = (item.name, *(round(v, 2) for v in item.box), item.is_crowd)
            if key in seen:
                notes.add('object that is labelled twice left out', item.where)
                continue
            seen.add(key)
            kept.append(item)
        image.objects = kept
    if len(far) > max(1, FAR_FRACTION * count):
        advice = {
            'coco': 'are they [x1, y1, x2, y2]? Then --coco-boxes xyxy repairs it',
            'yolo': 'are they left, top, width, height?',
        }.get(dataset.format, 'are the labels those of other images?')
        raise InputError(
            f'{far[0]}: found {len(far)} of {count} boxes that reach far over the edge '
            f'of their image, expected boxes on it ({advice})'
        )
    _check_crowds(dataset)


def _match_size(image: LabelledImage, notes: Notes, rescale: bool) -> None:
    """Compare the size that the label file says with the image's."""
    if image.labelled_size is None:
        return
    width, height = image.labelled_size
    found = (image.size[1], image.size[0])
    if (round(width), round(height)) == found:
        return
    where = image.where or image.path
    said = f'{where}: found {width:g}x{height:g} (width x height)'
    if (round(height), round(width)) == found:
        raise InputError(
            f'{said}, but {image.path} has {found[0]}x{found[1]} when it is upright as '
            'its EXIF note says, expected boxes on the upright image (label it again '
            'in a tool that turns it, or turn the file and remove the note)'
        )
    scale = found[0] / width, found[1] / height
    if abs(scale[0] / scale[1] - 1) > SAME_RATIO:
        raise InputError(
            f'{said}, but {image.path} has {found[0]}x{found[1]}, expected the same'
        )
    if not rescale:
        raise InputError(
            f'{said}, but {image.path} has {found[0]}x{found[1]}, expected the same '
            '(--rescale-labels if the image was only made smaller or larger)'
        )
    notes.add('image in another size than it was labelled in, labels scaled', where)
    for item in image.objects:
        item.box = tuple(v * scale[i % 2] for i, v in enumerate(item.box))
        if isinstance(item.outline, list):
            item.outline = [
                [v * scale[i % 2] for i, v in enumerate(polygon)]
                for polygon in item.outline
            ]
        elif item.outline is not None:
            item.outline = None
            notes.add('run lengths of another size left out, the box kept', where)


def _clean_object(
    item: LabelledObject, image: LabelledImage, notes: Notes, far: list[str]
) -> LabelledObject | None:
    height, width = image.size
    left, top, right, bottom = map(float, item.box)
    where = item.where or image.where
    if 0 < max(right, bottom) <= 1 < min(width, height) / 8 and right % 1:
        raise InputError(
            f'{where}: found the box {short([left, top, right, bottom])} on '
            f'{width}x{height} pixels, expected pixels, not fractions of the image'
        )
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        if right - left < LEAST_SIDE or bottom - top < LEAST_SIDE:
            notes.add('box of less than a pixel left out', where)
            return None
        raise InputError(
            f'{where}: found the box {left:.2f}, {top:.2f}, {right:.2f}, {bottom:.2f} '
            f'(left, top, right, bottom), expected one on the {width}x{height} image '
            f'{image.path}'
        )
    outside = max(-left, -top, right - width, bottom - height)
    if outside > 0:
        if outside > max(LITTLE, LITTLE_FRACTION * max(width, height)):
            notes.add('box far over the edge of its image cut off', where)
            far.append(where)
        elif outside > 1e-3:  # rounding is no news
            notes.add('box a little over the edge of its image cut off', where)
        left, top = max(left, 0.0), max(top, 0.0)
        right, bottom = min(right, float(width)), min(bottom, float(height))
        if isinstance(item.outline, list):
            item.outline = [_cut(polygon, width, height) for polygon in item.outline]
    if right - left < LEAST_SIDE - 1e-6 or bottom - top < LEAST_SIDE - 1e-6:
        notes.add('box of less than a pixel left out', where)
        return None
    if item.outline is not None:
        check_outline(item.outline, image.size, where)
    item.box = (left, top, right, bottom)
    return item


def _cut(polygon: list[float], width: int, height: int) -> list[float]:
    points = np.clip(np.reshape(polygon, (-1, 2)), 0, (width, height))
    return points.ravel().tolist()


def _check_crowds(dataset: LabelledSet) -> None:
    items = [item for image in dataset.images for item in image.objects]
    if items and all(item.is_crowd for item in items):
        raise InputError(
            f'{items[0].where}: found crowds (iscrowd, difficult) alone, {len(items)} '
            'objects, expected some to train on'
        )
