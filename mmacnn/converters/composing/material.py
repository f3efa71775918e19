# Copyright (c) mmacnn authors. All rights reserved.
"""What images are composed of: objects and backgrounds, apart for each split."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mmacnn.converters.labels.annotations import (
    LabelledImage,
    LabelledObject,
    LabelledSet,
    Notes,
)
from mmacnn.converters.labels.cleaning import clean
from mmacnn.converters.labels.importer import (
    ImportOptions,
    order_classes,
    read_labels,
)
from mmacnn.converters.labels.source import Source
from mmacnn.converters.labels.splitting import split_images
from mmacnn.datasets.image_files import list_images_below
from mmacnn.utils import InputError

LEAST_SIDE = 4.0  # Pixels of an object's box.
MOST = 0.9  # A box of more than this fraction of both sides shows no object alone.

Cutting = tuple[LabelledImage, LabelledObject]


@dataclass
class Material:
    """Of one split.

    Args:
        objects: Of each class, the objects to cut out, with their photographs.
        photographs: Those that the objects may come from.
        backgrounds: What they are pasted on; objects on it are removed.
    """

    objects: dict[str, list[Cutting]] = field(default_factory=dict)
    photographs: list[LabelledImage] = field(default_factory=list)
    backgrounds: list[LabelledImage] = field(default_factory=list)


@dataclass
class Materials:
    """Of all splits.

    Args:
        splits: Material of each split that is composed.
        classes: Names, in the order of their numbers.
        found: What was recognised.
        notes: What was changed, left out or shared, counted.
    """

    splits: dict[str, Material]
    classes: list[str]
    found: str
    notes: Notes


def read_materials(
    source: str,
    splits: Iterable[str],
    val_fraction: float,
    options: ImportOptions | None = None,
    backgrounds: str | None = None,
) -> Materials:
    """Read labelled photographs and share them out.

    The source's splits stay, its test part is not used. Where it has no validation
    part, some photographs are taken for it.

    Args:
        source: Data set of any layout that the importer reads.
        splits: 'train', perhaps 'val'.
        val_fraction: Fraction of the photographs that are for validation.
        options: What is said of the source.
        backgrounds: Folder of images without objects; by default the photographs are
            used, their objects removed.

    Raises:
        FileNotFoundError: The source or the folder of backgrounds is missing or empty.
        InputError: The source is not understood, or has no object to cut out.
    """
    options = replace(options or ImportOptions(), skip_damaged=True)
    dataset, files, found = read_labels(source, options)
    notes = files.notes
    clean(dataset, notes, options.rescale_labels)
    order_classes(dataset, options.classes, source)
    _keep_located(dataset, notes, source)
    has_val = 'val' in splits
    val_fraction = val_fraction if has_val and 'val' not in dataset.splits() else 0.0
    split_images(
        dataset,
        notes,
        val_fraction=val_fraction,
        seed=options.seed,
        part_pattern=options.part_pattern,
    )
    _note_unused(dataset, splits, notes)
    others = _read_backgrounds(backgrounds, val_fraction, options.seed, notes)
    materials = {}
    for split in splits:
        photographs = dataset.in_split(split)
        materials[split] = Material(
            _by_class(photographs, notes),
            photographs,
            others.in_split(split) if others else photographs,
        )
    usable = {name for material in materials.values() for name in material.objects}
    if not usable:
        raise _nothing_to_cut(dataset, source, splits)
    classes = [name for name in dataset.classes if name != dataset.good]
    for name in classes:
        if name not in usable:
            notes.add(f'class without an object to cut out ({name})')
    _fill_gaps(materials, usable, notes)
    return Materials(materials, classes, found, notes)


def _keep_located(dataset: LabelledSet, notes: Notes, source: str) -> None:
    """Leave out images of which is not known where the object is."""
    kept = []
    for image in dataset.images:
        if image.objects or image.label in (None, dataset.good):
            kept.append(image)
        else:
            notes.add('image of a class without a box left out', image.path)
    if not any(image.objects for image in kept):
        raise InputError(
            f'{source}: found no box on any of {len(dataset.images)} images, expected '
            'boxes round the objects'
        )
    dataset.images = kept


def _note_unused(dataset: LabelledSet, splits: Iterable[str], notes: Notes) -> None:
    for split in dataset.splits():
        if split not in splits:
            images = dataset.in_split(split)
            what = f"photograph of the source's {split} part not used"
            notes.add(what, images[0].path, len(images))


def _read_backgrounds(
    folder: str | None, val_fraction: float, seed: int, notes: Notes
) -> LabelledSet | None:
    if folder is None:
        return None
    list_images_below(folder, 'backgrounds')
    source = Source(folder, skip_damaged=True)
    images = [source.open_image(path) for path in source.images]
    if not images:
        raise InputError(f'{folder}: found no image that can be read, expected some')
    for what, count in source.notes.counts.items():
        notes.add(what, source.notes.first[what], count)
    for image in images:
        image.split = ''
    dataset = LabelledSet('backgrounds', images, [])
    split_images(dataset, notes, val_fraction=val_fraction, seed=seed)
    return dataset


def _is_small(item: LabelledObject) -> bool:
    left, top, right, bottom = item.box
    return min(right - left, bottom - top) < LEAST_SIDE


def _is_large(item: LabelledObject, size: tuple[int, int]) -> bool:
    left, top, right, bottom = item.box
    return right - left > MOST * size[1] and bottom - top > MOST * size[0]


def _by_class(images: list[LabelledImage], notes: Notes) -> dict[str, list[Cutting]]:
    """The objects that can be cut out."""
    found: dict[str, list[Cutting]] = defaultdict(list)
    for image in images:
        for item in image.objects:
            where = item.where or image.path
            if item.is_crowd:
                notes.add('crowd not cut out', where)
            elif _is_small(item):
                notes.add(f'object of less than {LEAST_SIDE:g} pixels left out', where)
            elif _is_large(item, image.size):
                notes.add('box as large as its photograph not cut out', where)
            else:
                found[item.name].append((image, item))
    return dict(found)


def _nothing_to_cut(
    dataset: LabelledSet, source: str, splits: Iterable[str]
) -> InputError:
    pairs = [(image, item) for image in dataset.images for item in image.objects]
    unused = sum(image.split not in splits for image, _ in pairs)
    large = sum(_is_large(item, image.size) for image, item in pairs)
    small = sum(_is_small(item) for _, item in pairs)
    return InputError(
        f'{source}: found no object to cut out among {len(pairs)} ({unused} in parts '
        f'that are not used, {large} as large as their photograph, {small} of less '
        f'than {LEAST_SIDE:g} pixels), expected objects with something round them'
    )


def _fill_gaps(materials: dict[str, Material], usable: set, notes: Notes) -> None:
    """Let a split that lacks a class, or a background, take that of the other one."""
    for split, material in materials.items():
        for other in materials.values():
            for name in sorted(usable):
                if name not in material.objects and name in other.objects:
                    notes.add(
                        f'class whose photographs are in train and val alike, too few '
                        f'to share out ({name}; {split} takes those of the other part)',
                    )
                    material.objects[name] = other.objects[name]
            if not material.backgrounds and other.backgrounds:
                notes.add(f'{split} has the backgrounds of the other part, too few')
                material.backgrounds = other.backgrounds
            if not material.photographs:
                material.photographs = other.photographs
