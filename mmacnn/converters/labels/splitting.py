# Copyright (c) mmacnn authors. All rights reserved.
"""Splitting images into training, validation and test.

Stratified by class, and the images of one part stay together.
"""

import random
import re
from collections import Counter, defaultdict

from mmacnn.datasets.analysis.duplicates import LONGEST_SERIES, stem_of
from mmacnn.utils import InputError

from .annotations import LabelledImage, LabelledSet, Notes


def split_images(
    dataset: LabelledSet,
    notes: Notes,
    val_fraction: float = 0.0,
    test_fraction: float = 0.0,
    seed: int = 0,
    part_pattern: str | None = None,
) -> None:
    """Give each image its split, in place.

    The splits of the source stay. Images without one are for training, and from those
    the two fractions are taken, of each class alike; a part, or an image, of several
    classes counts for its rarest. All images of one part get the same split, as far as
    names tell (:func:`part_of`). Where a class has less than three parts, its images
    are dealt one by one. A split that would stay empty is given an image of the class
    that has most, if that has another.

    Args:
        dataset: The images.
        notes: Where images without a split beside others with one are counted.
        val_fraction, test_fraction: Fractions of the training images, in [0, 1).
        seed: Another seed chooses other images.
        part_pattern: Regular expression, see :func:`part_of`.

    Raises:
        InputError: A split is asked for that the source has, nothing would be left to
            train on, or the pattern is no regular expression or fits no path.
    """
    given = set(dataset.splits()) - {''}
    fractions = dict(test=test_fraction, val=val_fraction)
    for split, fraction in fractions.items():
        if fraction and split in given:
            count = len(dataset.in_split(split))
            raise InputError(
                f'--{split}-fraction {fraction:g}: found a split {split} in the source '
                f'({count} images), expected none'
            )
    if sum(fractions.values()) >= 1:
        raise InputError(
            '--val-fraction and --test-fraction: found '
            f'{sum(fractions.values()):g} in all, expected less than 1'
        )
    for image in dataset.images:
        if not image.split:
            if given:
                notes.add('image outside of the splits taken for training', image.path)
            image.split = 'train'
    if not any(fractions.values()):
        return
    parts = parts_of(dataset.in_split('train'), part_pattern)
    groups = []
    for name, group in sorted(_by_class(parts).items()):
        count = sum(map(len, group))
        series = sum(len(part) > 1 for part in group)
        what = 'part, by its name, kept in one split'
        if series and len(group) < 3:
            group = [[image] for part in group for image in part]
            what = f'part divided between splits: less than 3 of {name or "background"}'
        if series:
            notes.add(what, number=series)
        group.sort(key=lambda part: part[0].path)
        random.Random(f'{seed} {name}').shuffle(group)
        for split, fraction in fractions.items():
            number = round(fraction * count)
            if fraction and not number and count > 2:
                number = 1
            _deal(group, split, number)
        groups.append(group)
    for split, fraction in fractions.items():
        if fraction and not dataset.in_split(split):  # two images of each class
            _deal(max(groups, key=len, default=[]), split, 1)


def limit_training(
    dataset: LabelledSet, notes: Notes, limit: int, seed: int = 0
) -> None:
    """Leave out training images at random until so many are left, in place.

    Args:
        dataset: The images, with their splits.
        notes: Where those that are left out are counted.
        limit: Images to keep; of each class alike.
        seed: Another seed chooses other images.
    """
    images = dataset.in_split('train')
    if len(images) <= limit:
        return
    ranked = []
    for name, members in _by_class([[image] for image in images]).items():
        members.sort(key=lambda part: part[0].path)
        random.Random(f'{seed} {name}').shuffle(members)
        ranked += [
            (place / len(members), part[0].path, id(part[0]))
            for place, part in enumerate(members)
        ]
    kept = {key for _, _, key in sorted(ranked)[:limit]}
    dropped = {id(image) for image in images} - kept
    dataset.images = [image for image in dataset.images if id(image) not in dropped]
    notes.add(f'image for training left out (--limit {limit})', number=len(dropped))


def _deal(group: list[list[LabelledImage]], split: str, number: int) -> None:
    """Give about so many images, of the first parts, to a split; leave one part."""
    taken = 0
    while len(group) > 1 and taken + len(group[0]) / 2 <= number:
        part = group.pop(0)
        taken += len(part)
        for image in part:
            image.split = split


def part_of(path: str, pattern: str | None = None) -> str:
    """The part, or the burst, that an image shows, as its path tells.

    Args:
        path: Of the image.
        pattern: Regular expression that is searched in the path; its first group, or
            all of it, names the part. By default a name without its last number, if
            there is another number in it (``part12_view_3.png``), or without what
            Roboflow adds to copies.

    Returns:
        A name; that of the image itself where nothing is told.
    """
    if pattern is not None:
        found = re.search(pattern, path)
        return path if found is None else found[found.re.groups > 0]
    stem = stem_of(path)
    is_copy = '.rf.' in path and '.rf.' not in stem
    return stem if is_copy or re.search(r'\d', stem) else path


def parts_of(
    images: list[LabelledImage], pattern: str | None = None
) -> list[list[LabelledImage]]:
    """Images by the part that they show, see :func:`part_of`, sorted by path.

    More than 20 images of one name are of a kind, and each is a part of its own.

    Args:
        images: What has a ``path``.
        pattern: Regular expression that names the part.

    Raises:
        InputError: The pattern is no regular expression or fits no path.
    """
    if pattern is not None:
        try:
            fits = any(re.search(pattern, image.path) for image in images)
        except re.error as error:
            raise InputError(f'--part-pattern {pattern!r}: {error}') from error
        if not fits:
            raise InputError(
                f'--part-pattern {pattern!r}: found it in no path, such as '
                f'{images[0].path if images else "none"}'
            )
    groups: dict[str, list[LabelledImage]] = defaultdict(list)
    for image in sorted(images, key=lambda image: image.path):
        groups[part_of(image.path, pattern)].append(image)
    parts = []
    for group in groups.values():
        if pattern is None and len(group) > LONGEST_SERIES:  # the name of a kind
            parts += [[image] for image in group]
        else:
            parts.append(group)
    return parts


def _by_class(
    parts: list[list[LabelledImage]],
) -> dict[str, list[list[LabelledImage]]]:
    names = [{name for image in part for name in classes_of(image)} for part in parts]
    counts = Counter(name for found in names for name in found)
    groups: dict[str, list[list[LabelledImage]]] = defaultdict(list)
    for part, found in zip(parts, names, strict=True):
        rarest = min(found, key=lambda name: (counts[name], name)) if found else ''
        groups[rarest].append(part)
    return groups


def classes_of(image: LabelledImage) -> set[str]:
    """The classes on an image."""
    if image.label is not None:
        return {image.label}
    return {item.name for item in image.objects}


def note_lacking(dataset: LabelledSet, notes: Notes) -> None:
    """Note each class that a split lacks."""
    for split in dataset.splits():
        found: set[str] = set()
        for image in dataset.in_split(split):
            found |= classes_of(image)
        lacking = [name for name in dataset.classes if name not in found]
        if lacking:
            notes.add(
                f'class that {split or "the source"} lacks ({", ".join(lacking)})',
                number=len(lacking),
            )
