# Copyright (c) mmacnn authors. All rights reserved.
"""What decides which method fits: counts and sizes of a labelled set."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmacnn.converters.labels.annotations import (
    LabelledImage,
    LabelledObject,
    LabelledSet,
)
from mmacnn.converters.labels.splitting import classes_of

ACROSS = math.log(1.2)  # Of the sides of a box that lies along, or across.
FEW, SOME = 3, 0.02  # Objects, and fraction of them, below which it was an accident.


@dataclass(frozen=True)
class Facts:
    """Of the images that may be learned from, unless it says otherwise.

    Args:
        num_images: All images, those for the test too.
        num_train: Images to learn from.
        num_good: Images of the good class, or without any object.
        classes: Number of images of each class, without the good one.
        good: Name of the good class, None where there is none.
        num_boxed: Images with an object.
        num_single: Images with exactly one object.
        num_objects: Objects in all.
        has_outlines: Whether all objects have an outline.
        whole_images: Whether the labels are classes of whole images.
        size: Median (height, width) in pixels.
        num_sizes: How many sizes there are.
        stretch: Factor by which one side is stretched against the other, if all images
            get the shape of ``size``; 95 % of the images have less. 1 or more.
        object_sizes: (N, 2) width and height of each object as fractions of its image.
        is_turned: Whether some objects lie across most others of their class.
    """

    num_images: int
    num_train: int
    num_good: int
    classes: dict[str, int]
    good: str | None
    num_boxed: int
    num_single: int
    num_objects: int
    has_outlines: bool
    whole_images: bool
    size: tuple[int, int]
    num_sizes: int
    stretch: float
    object_sizes: np.ndarray
    is_turned: bool

    @property
    def num_defective(self) -> int:
        """Images that are not good."""
        return self.num_train - self.num_good


def facts_of(dataset: LabelledSet) -> Facts:
    """Count and measure a set; images outside of any split count as for training."""
    images = [image for image in dataset.images if image.split in ('train', '')]
    images = images or dataset.images
    good = dataset.good
    classes = Counter(name for image in images for name in classes_of(image))
    num_good = sum(_is_good(image, good) for image in images)
    classes.pop(good, None)
    objects = [item for image in images for item in image.objects]
    sizes = np.array([image.size for image in images])
    size = np.median(sizes, axis=0)
    return Facts(
        num_images=len(dataset.images),
        num_train=len(images),
        num_good=num_good,
        classes=dict(classes),
        good=good,
        num_boxed=sum(bool(image.objects) for image in images),
        num_single=sum(len(image.objects) == 1 for image in images),
        num_objects=len(objects),
        has_outlines=bool(objects)
        and all(item.outline is not None for item in objects),
        whole_images=any(image.label is not None for image in images),
        size=tuple(int(side) for side in size),
        num_sizes=len(np.unique(sizes, axis=0)),
        stretch=_stretch(sizes, size),
        object_sizes=_object_sizes(images),
        is_turned=_is_turned(objects),
    )


def _is_turned(objects: list[LabelledObject]) -> bool:
    """Whether some objects lie across most others of their class."""
    logs = {}
    for item in objects:
        left, top, right, bottom = item.box
        if right > left and bottom > top:
            ratio = math.log((right - left) / (bottom - top))
            logs.setdefault(item.name, []).append(ratio)
    across = sum(
        min(
            sum(ratio > ACROSS for ratio in ratios),
            sum(ratio < -ACROSS for ratio in ratios),
        )
        for ratios in logs.values()
    )
    return across >= max(FEW, SOME * len(objects))


def _is_good(image: LabelledImage, good: str | None) -> bool:
    if image.label is not None:
        return image.label == good
    return not image.objects


def _stretch(sizes: np.ndarray, size: np.ndarray) -> float:
    ratios = np.log(sizes[:, 0] / sizes[:, 1]) - np.log(size[0] / size[1])
    return float(np.exp(np.percentile(np.abs(ratios), 95)))


def _object_sizes(images: list[LabelledImage]) -> np.ndarray:
    sizes = []
    for image in images:
        height, width = image.size
        for item in image.objects:
            left, top, right, bottom = item.box
            sizes.append(((right - left) / width, (bottom - top) / height))
    return np.array(sizes, float).reshape(-1, 2)
