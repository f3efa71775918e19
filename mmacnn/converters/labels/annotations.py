# Copyright (c) mmacnn authors. All rights reserved.
"""The one type that every label format is read into and written from."""

from collections import Counter
from dataclasses import dataclass, field

from mmacnn.utils import InputError
from mmacnn.utils.text import printable

Box = tuple[float, float, float, float]
Outline = list | dict

SPLITS = ('train', 'val', 'test')


@dataclass(slots=True)
class LabelledObject:
    """One object on an image.

    Args:
        name: Its class.
        box: (left, top, right, bottom) in pixels of the upright image, from 0, edge to
            edge.
        outline: Polygons ``[[x0, y0, x1, y1, ...], ...]`` or COCO's run lengths, where
            it is known. An oriented box is a polygon of its four corners.
        is_crowd: Neither to train on nor to count: COCO's crowd, VOC's difficult.
        score: Of a prediction, in [0, 1].
        where: File and line or entry, for messages.
    """

    name: str
    box: Box
    outline: Outline | None = None
    is_crowd: bool = False
    score: float | None = None
    where: str = ''


@dataclass(slots=True)
class LabelledImage:
    """One image and what is known of it.

    Args:
        path: Where the image is.
        size: (height, width) in pixels, upright.
        split: 'train', 'val', 'test', or '' where the source has no splits.
        objects: What is on it. None at all means background.
        label: Class of the whole image, where the source has it.
        has_mask: Whether a mask gave the objects, so that their outlines are all.
        labelled_size: (width, height) that the label file says, for comparison.
        where: The label file, for messages.
        name: File name in what is written, unique in its split.
    """

    path: str
    size: tuple[int, int]
    split: str = ''
    objects: list[LabelledObject] = field(default_factory=list)
    label: str | None = None
    has_mask: bool = False
    labelled_size: tuple[float, float] | None = None
    where: str = ''
    name: str = ''


@dataclass
class Notes:
    """What was changed on the way, counted."""

    counts: Counter = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, where: str = '', number: int = 1) -> None:
        """Count something.

        Args:
            what: What was done, the same text each time.
            where: File and line, kept of the first one.
            number: How many there are.
        """
        self.counts[what] += number
        self.first.setdefault(what, where)

    def lines(self) -> list[str]:
        """One line for each kind: its number, what it is, where it was first."""
        return [
            printable(f'{count} x {what}' + f' (first: {self.first[what]})' * has_place)
            for what, count in self.counts.items()
            for has_place in [bool(self.first[what])]
        ]


@dataclass
class LabelledSet:
    """Images with their labels.

    Args:
        format: Name of the format it was read from.
        images: The images, in the order of the source.
        classes: Names, in the order of their numbers.
        good: The class of images without a defect, where whole images have classes.
    """

    format: str
    images: list[LabelledImage]
    classes: list[str]
    good: str | None = None

    def splits(self) -> list[str]:
        """The splits that have images, in their usual order."""
        found = {image.split for image in self.images}
        return [split for split in ('', *SPLITS) if split in found]

    def in_split(self, split: str) -> list[LabelledImage]:
        """The images of a split."""
        return [image for image in self.images if image.split == split]


def merge_names(lists: dict[str, list[str]]) -> list[str]:
    """Return the class names that several files agree on.

    Args:
        lists: The names in each file, in the order of their numbers.

    Raises:
        InputError: Two files differ, so that a number means two classes.
    """
    first, names = next(iter(lists.items()))
    for path, others in lists.items():
        if others != names:
            raise InputError(
                f'{path}: found the classes {", ".join(others)}, but {first} has '
                f'{", ".join(names)}, expected one list (remove the wrong file)'
            )
    return names
