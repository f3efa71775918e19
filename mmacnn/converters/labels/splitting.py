# Copyright (c) mmacnn authors. All rights reserved.
"""Splitting images into training, validation and test, stratified by class."""

import random
from collections import Counter

from mmacnn.utils import InputError

from .annotations import LabelledImage, LabelledSet, Notes


def split_images(
    dataset: LabelledSet,
    notes: Notes,
    val_fraction: float = 0.0,
    test_fraction: float = 0.0,
    seed: int = 0,
) -> None:
    """Give each image its split, in place.

    The splits of the source stay. Images without one are for training, and from those
    the two fractions are taken, of each class alike; an image of several classes counts
    for its rarest.

    Args:
        dataset: The images.
        notes: Where images without a split beside others with one are counted.
        val_fraction, test_fraction: Fractions of the training images, in [0, 1).
        seed: Another seed chooses other images.

    Raises:
        InputError: A split is asked for that the source has, or nothing would be left
            to train on.
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
    groups = _by_class(dataset.in_split('train'))
    for name, images in sorted(groups.items()):
        images.sort(key=lambda image: image.path)
        random.Random(f'{seed} {name}').shuffle(images)
        count = len(images)
        for split, fraction in fractions.items():
            number = round(fraction * count)
            if fraction and not number and count > 2:
                number = 1
            for image in images[:number]:
                image.split = split
            images = images[number:]


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
    for name, members in _by_class(images).items():
        members.sort(key=lambda image: image.path)
        random.Random(f'{seed} {name}').shuffle(members)
        ranked += [
            (place / len(members), image.path, id(image))
            for place, image in enumerate(members)
        ]
    kept = {key for _, _, key in sorted(ranked)[:limit]}
    dropped = {id(image) for image in images} - kept
    dataset.images = [image for image in dataset.images if id(image) not in dropped]
    notes.add(f'image for training left out (--limit {limit})', number=len(dropped))


def _by_class(images: list[LabelledImage]) -> dict[str, list[LabelledImage]]:
    names = {id(image): classes_of(image) for image in images}
    counts = Counter(name for found in names.values() for name in found)
    groups: dict[str, list[LabelledImage]] = {}
    for image in images:
        found = names[id(image)]
        rarest = min(found, key=lambda name: (counts[name], name)) if found else ''
        groups.setdefault(rarest, []).append(image)
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
