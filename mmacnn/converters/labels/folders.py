# Copyright (c) mmacnn authors. All rights reserved.
"""Images whose folder or mask says what they are: class folders, MVTec AD, masks."""

import os.path as osp
from collections import Counter
from pathlib import Path

import numpy as np

from mmacnn.datasets.named_images import split_of, split_of_word
from mmacnn.utils import InputError

from .annotations import LabelledImage, LabelledSet
from .masks import FEW_VALUES, add_objects
from .source import NEUTRAL, Source

NAME = 'folders'
DEFECT = 'defect'
MASK_FOLDERS = {
    *('mask', 'masks', 'ground_truth', 'groundtruth', 'gt', 'seg', 'segmentation'),
    *('annotations', 'annotation', 'labels', 'label', 'ground truth', 'defect_masks'),
}
GOOD_NAMES = {
    *('good', 'ok', 'normal', 'clean', 'free', 'mt_free', 'pass', 'negative', 'none'),
    *('no_defect', 'defect_free', 'defect-free', 'nondefective', 'non_defective'),
}
SAMPLES = 4  # Masks that are looked into before a suffix is believed.


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    masks = find_masks(source)
    images = [image for image in source.images if image not in masks.values()]
    classes = sorted({name for name in _classes(images).values() if name})
    if not masks and not _has_meaning(classes):
        return None
    found = f'folders of images ({", ".join(classes)})' if classes else 'images'
    return f'{found} with {len(masks)} masks' if masks else found


def _has_meaning(classes: list[str]) -> bool:
    return len(classes) > 1 or bool(classes and classes[0].lower() in GOOD_NAMES)


def read(
    source: Source, good: str | None = None, classes: list[str] | None = None
) -> LabelledSet:
    """Read folders of images.

    Args:
        source: The files.
        good: Name of the good class; by default the one that is named so.
        classes: Names of the values of masks of several values, in their order.

    Raises:
        InputError: A mask fits no image, contradicts its folder, or it is not clear
            which class is good.
    """
    masks = find_masks(source)
    paths = [image for image in source.images if image not in masks.values()]
    names = _classes(paths)
    found = sorted({name for name in names.values() if name})
    if masks and not _has_meaning(found):
        names, found = dict.fromkeys(names), []
    elif None in names.values():
        lone = next(path for path, name in names.items() if name is None)
        raise InputError(
            f'{osp.join(source.image_root, lone)}: found an image beside the folders '
            f'{", ".join(found)}, expected all images in folders of their class'
        )
    good = _good_class(found, good, source)
    images, values = [], set()
    for path in paths:
        image = source.open_image(path)
        image.label = names[path]
        mask = masks.get(path)
        if mask is not None:
            image.where = osp.join(source.image_root, mask)
            values |= add_objects(image, image.where, image.label, source.notes)
            _check_mask(image, good, source)
        elif not found and source.unlabelled == 'skip':
            source.notes.add(
                'image without a mask left out (--unlabelled background '
                'takes it as a good one)',
                image.path,
            )
            continue
        elif found and masks and image.label != good:
            source.notes.add('defective image without a mask', image.path)
        images.append(image)
    if not found:
        found = _name_values(images, values, classes, source)
    return LabelledSet(NAME, images, found, good)


def _check_mask(image: LabelledImage, good: str | None, source: Source) -> None:
    if image.label is None:
        return
    if image.label == good and image.objects:
        raise InputError(
            f'{image.where}: found a defect in the mask of a {good} image, expected an '
            'empty mask'
        )
    if image.label != good and not image.objects:
        source.notes.add('empty mask of a defective image, kept as it is', image.where)


def _name_values(
    images: list[LabelledImage],
    values: set[int],
    classes: list[str] | None,
    source: Source,
) -> list[str]:
    """Give the values of masks their names; one value alone is 'defect'."""
    is_binary = len(values) < 2 or values <= {1, 255}
    names = [DEFECT] if is_binary else [str(v) for v in sorted(values)]
    if classes and len(classes) == len(names):
        names = list(classes)
    elif not is_binary:
        source.notes.add(
            f'value of the masks taken as a class ({", ".join(names)}; --classes '
            'names them)',
            number=len(names),
        )
    by_value = {
        str(value): names[0 if is_binary else index]
        for index, value in enumerate(sorted(values))
    }
    for image in images:
        for item in image.objects:
            item.name = by_value[item.name]
    return names


def _good_class(classes: list[str], good: str | None, source: Source) -> str | None:
    if good is not None:
        if classes and good not in classes:
            raise InputError(
                f'--good {good}: found no such folder, expected one of '
                f'{", ".join(classes)}'
            )
        return good
    found = [name for name in classes if name.lower() in GOOD_NAMES]
    if len(found) > 1:
        raise InputError(
            f'{source.path}: found several names of good images ({", ".join(found)}), '
            'expected one (--good names it)'
        )
    return found[0] if found else None


def _parts(path: str) -> list[str]:
    """Folders that say something beside the split and the kind of file."""
    return [
        part
        for part in path.split('/')[:-1]
        if not split_of_word(part)
        and part.lower() not in NEUTRAL
        and part.lower() not in MASK_FOLDERS
    ]


def _classes(images: list[str]) -> dict[str, str | None]:
    """Class of each image: the first folder in which they differ."""
    parts = {image: _parts(image) for image in images}
    ways = list(parts.values())
    depth = 0
    while ways and all(
        len(way) > depth + 1 and way[depth] == ways[0][depth] for way in ways
    ):
        depth += 1
    categories: dict[str, set[str]] = {}
    for way in ways:
        if len(way) > depth + 1:
            categories.setdefault(way[depth], set()).add(way[depth + 1].lower())
    if len(categories) > 1 and all(c & GOOD_NAMES for c in categories.values()):
        raise InputError(
            f'found the categories {", ".join(sorted(categories))}, each with good '
            'images of its own, expected one: import them one by one'
        )
    return {
        image: way[depth] if len(way) > depth else None for image, way in parts.items()
    }


def find_masks(source: Source) -> dict[str, str]:
    """Return the mask of each image that has one.

    A mask lies in a folder that is named so, or beside its image with another suffix
    or a longer name.

    Raises:
        InputError: A mask in such a folder fits no image.
    """
    in_folders = [
        image
        for image in source.images
        if {part.lower() for part in image.split('/')[:-1]} & MASK_FOLDERS
    ]
    others = [image for image in source.images if image not in set(in_folders)]
    if in_folders and others:
        return _match_folders(source, in_folders, others)
    return _match_beside(source)


def _match_folders(
    source: Source, masks: list[str], images: list[str]
) -> dict[str, str]:
    by_place: dict[tuple, list[str]] = {}
    by_stem: dict[str, list[str]] = {}
    for image in images:
        stem = Path(image).stem
        by_place.setdefault((*_parts(image), stem), []).append(image)
        by_stem.setdefault(stem, []).append(image)
    found: dict[str, str] = {}
    for mask in masks:
        image = _image_of(mask, by_place, by_stem)
        where = osp.join(source.image_root, mask)
        if image is None:
            raise InputError(
                f'{where}: found a mask that fits no image, expected one of its name, '
                'with or without something behind it'
            )
        if image in found:
            raise InputError(
                f'{where}: found a second mask of {image} after {found[image]}, '
                'expected one an image'
            )
        found[image] = mask
    return found


def _image_of(mask: str, by_place: dict, by_stem: dict) -> str | None:
    place, split = tuple(_parts(mask)), split_of(mask)
    for stem in _shorter(Path(mask).stem):
        for found in (by_place.get((*place, stem)), by_stem.get(stem)):
            candidates = [i for i in found or () if not split or split_of(i) == split]
            if len(candidates) == 1:
                return candidates[0]
            tested = [image for image in candidates if split_of(image) == 'test']
            if len(tested) == 1:
                return tested[0]
    return None


def _shorter(stem: str) -> list[str]:
    """A name, and what is left of it before each of its last signs ``_ - .``."""
    cuts = [i for i, char in enumerate(stem) if char in '_-.' and i]
    return [stem, *(stem[:i] for i in reversed(cuts))]


def _match_beside(source: Source) -> dict[str, str]:
    """Masks beside the images: ``a.jpg`` with ``a.png`` or ``a_mask.bmp``."""
    by_place: dict[tuple[str, str], list[str]] = {}
    for image in source.images:
        by_place.setdefault((osp.dirname(image), Path(image).stem), []).append(image)
    found: dict[str, dict[str, str]] = {}
    for (folder, stem), files in by_place.items():
        if len(files) == 2:
            for image, mask in (files, files[::-1]):
                if mask.lower().endswith(('.png', '.bmp')) and image.lower().endswith(
                    ('.jpg', '.jpeg')
                ):
                    found.setdefault('', {})[image] = mask
        for shorter in _shorter(stem)[1:]:
            owner = by_place.get((folder, shorter))
            ending = stem[len(shorter) :]
            if owner and len(owner) == 1 and any(c.isalpha() for c in ending):
                found.setdefault(ending.lower(), {})[owner[0]] = files[0]
                break
    counts = Counter({ending: len(pairs) for ending, pairs in found.items()})
    for ending, _ in counts.most_common():
        masks = list(found[ending].values())
        if all(_is_mask(source, mask) for mask in masks[:SAMPLES]):
            return found[ending]
    return {}


def _is_mask(source: Source, mask: str) -> bool:
    """Whether a picture has few values, 0 among them."""
    import cv2

    from mmacnn.datasets.pixels import read_pixels

    path = osp.join(source.image_root, mask)
    picture = read_pixels(path, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    if picture is None:
        return False
    values = np.unique(picture)
    return len(values) <= FEW_VALUES and values[0] == 0
