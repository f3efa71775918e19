# Copyright (c) mmacnn authors. All rights reserved.
"""What the labels of a split say, counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

PERCENTILES = (5, 50, 95)


class Object(Protocol):
    """What is read of an object; ``LabelledObject`` has it."""

    name: str
    box: tuple[float, float, float, float]
    outline: list | dict | None
    is_crowd: bool


class Labelled(Protocol):
    """What is read of an image; ``LabelledImage`` has it."""

    path: str
    size: tuple[int, int]
    split: str
    objects: list
    label: str | None


@dataclass
class SplitFigures:
    """One split, counted.

    Args:
        name: 'train', 'val', 'test', or 'all' where there are no splits.
        images: Number of images.
        empty: Number of images without label and object.
        objects: Number of objects, without crowds.
        crowds: Number of objects that are neither trained on nor counted.
        images_of: Number of images by class: with this label, or an object of it.
        objects_of: Number of objects by class.
        objects_an_image: 5 %, median and 95 % of the number of objects on an image, and
            the largest.
        shorter_sides: (N,) shorter side of each object's box in pixels.
        area_fractions: (N,) area of each object's box as a fraction of its image.
        sizes: Number of images by (height, width).
        kinds: Number of images by depth and channels.
        turned: Number of images that an EXIF note turns.
        lacking: Classes that are in another split and not in this one.
    """

    name: str
    images: int
    empty: int
    objects: int
    crowds: int
    images_of: dict[str, int]
    objects_of: dict[str, int]
    objects_an_image: tuple[float, ...]
    shorter_sides: np.ndarray
    area_fractions: np.ndarray
    sizes: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    turned: int = 0
    lacking: list[str] = field(default_factory=list)

    @property
    def side_percentiles(self) -> tuple[float, ...] | None:
        """5 %, median and 95 % of the objects' shorter sides in pixels."""
        if not len(self.shorter_sides):
            return None
        return tuple(map(float, np.percentile(self.shorter_sides, PERCENTILES)))

    @property
    def imbalance(self) -> float | None:
        """Images of the most frequent class for one of the rarest; None below two."""
        counts = [count for count in self.images_of.values() if count]
        return max(counts) / min(counts) if len(counts) > 1 else None


def count_split(
    name: str, images: Sequence[Labelled], classes: Sequence[str]
) -> SplitFigures:
    """Count what is on the images of a split.

    Args:
        name: The split.
        images: Its images.
        classes: Names of all classes, in their order.
    """
    images_of, objects_of = Counter(), Counter()
    sides, fractions, numbers = [], [], []
    empty = crowds = 0
    for image in images:
        objects = [item for item in image.objects if not item.is_crowd]
        crowds += len(image.objects) - len(objects)
        numbers.append(len(objects))
        names = {item.name for item in objects}
        if image.label is not None:
            names.add(image.label)
        images_of.update(names)
        empty += not names
        objects_of.update(item.name for item in objects)
        height, width = image.size
        for item in objects:
            left, top, right, bottom = item.box
            sides.append(min(right - left, bottom - top))
            fractions.append((right - left) * (bottom - top) / (height * width))
    spread = (*np.percentile(numbers, PERCENTILES), max(numbers)) if numbers else ()
    return SplitFigures(
        name,
        len(images),
        empty,
        len(sides),
        crowds,
        {each: images_of[each] for each in classes},
        {each: objects_of[each] for each in classes},
        tuple(map(float, spread)),
        np.array(sides, float),
        np.array(fractions, float),
        Counter(image.size for image in images),
    )


def note_lacking(splits: Sequence[SplitFigures]) -> None:
    """Enter the classes that each split lacks, in place."""
    for split in splits:
        split.lacking = [
            name
            for name, count in split.images_of.items()
            if not count and any(other.images_of[name] for other in splits)
        ]
