# Copyright (c) mmacnn authors. All rights reserved.
"""Writing a labelled set in the layouts that our data sets read."""

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mmacnn.datasets.regions import decode_region
from mmacnn.utils import InputError, track

from . import coco, yolo
from .annotations import LabelledImage, LabelledObject, LabelledSet, Notes
from .geometry import oriented_box
from .splitting import classes_of, split_images

GOOD, DEFECT, COMBINED = 'good', 'defective', 'combined'
GOOD_TEST_FRACTION = 0.2


class Files:
    """Puts images into the output.

    Args:
        link: Whether to make hard links, which take no room; where the disk cannot,
            the file is copied.
    """

    def __init__(self, link: bool = False) -> None:
        self.link = link
        self._folders: set[Path] = set()

    def make(self, folder: Path) -> Path:
        """Make a folder once."""
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return folder

    def place(self, image: LabelledImage, folder: Path) -> None:
        """Put an image into a folder under its name."""
        path = self.make(folder) / image.name
        if self.link:
            try:
                os.link(image.path, path)
                return
            except OSError:
                self.link = False
        shutil.copyfile(image.path, path)

    def write_mask(self, mask: np.ndarray, path: Path) -> None:
        """Write (H, W) uint8, 0 or 1, as a picture of 0 and 255."""
        self.make(path.parent)
        options = [cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_COMPRESSION, 3]
        done, data = cv2.imencode('.png', mask * np.uint8(255), options)
        path.write_bytes(data.tobytes() if done else b'')


# --- what each layout asks of the labels, before anything is written


def prepare_coco(dataset: LabelledSet, notes: Notes) -> None:
    """Whole images' classes are not for a detector; good ones are background."""
    if dataset.good in dataset.classes:
        dataset.classes = [name for name in dataset.classes if name != dataset.good]
    for image in dataset.images:
        is_known = image.label in (None, dataset.good) or image.objects
        if not is_known and not image.has_mask:
            raise InputError(
                f'{image.path}: found the class {image.label!r} of the whole image and '
                'no box or mask, expected them for --to coco or regions (--to '
                'class-folders or yolo-roi needs none)'
            )
    _keep(
        dataset,
        notes,
        lambda image: image.label in (None, dataset.good) or bool(image.objects),
        'defective image with an empty mask left out',
    )
    for image in dataset.images:
        image.label = None
    if not any(image.objects for image in dataset.images):
        raise InputError(
            f'{dataset.images[0].path}: found no object on any image, expected boxes'
        )


def prepare_regions(dataset: LabelledSet, notes: Notes) -> None:
    """Each object is a sample; an image without one is none."""
    prepare_coco(dataset, notes)
    _keep(dataset, notes, lambda i: bool(i.objects), 'image without a region left out')
    for image in dataset.images:
        for item in image.objects:
            if item.is_crowd:
                notes.add('crowd left out', item.where)
            elif item.outline is None:
                notes.add(
                    'box without outline, the region is the rectangle', item.where
                )
        image.objects = [item for item in image.objects if not item.is_crowd]


def prepare_yolo_roi(dataset: LabelledSet, notes: Notes, largest: bool = False) -> None:
    """One class and at most one box an image."""
    several = [image for image in dataset.images if len(image.objects) > 1]
    if several and not largest:
        raise InputError(
            f'{several[0].where or several[0].path}: found '
            f'{len(several[0].objects)} objects ({len(several)} of '
            f'{len(dataset.images)} images have several), expected one an image '
            '(--largest keeps the largest, --to coco keeps all)'
        )
    for image in several:
        image.objects = [max(image.objects, key=_box_area)]
        notes.add('image of several objects, the largest kept', image.where)
    _keep(
        dataset,
        notes,
        lambda image: bool(image.objects or image.label),
        'image without an object left out',
    )


def prepare_class_folders(
    dataset: LabelledSet,
    notes: Notes,
    merge: str | None = None,
    good: str | None = None,
) -> None:
    """Give each image the class of its folder."""
    good = good or dataset.good or GOOD
    has_good = False
    for image in dataset.images:
        if image.label is None:
            names = classes_of(image)
            if len(names) > 1 and not merge:
                raise InputError(
                    f'{image.where or image.path}: found objects of the classes '
                    f'{", ".join(sorted(names))}, expected one class an image '
                    f'(--merge {DEFECT} makes them one)'
                )
            image.label = (merge or next(iter(names))) if names else good
        elif merge and image.label != good:
            image.label = merge
        has_good |= image.label == good
    classes = [merge] if merge else [n for n in dataset.classes if n != good]
    dataset.classes = [good] * has_good + classes
    dataset.good = good if has_good else None


def prepare_anomaly(
    dataset: LabelledSet,
    notes: Notes,
    good: str | None = None,
    seed: int = 0,
    part_pattern: str | None = None,
) -> None:
    """Good images to learn from, all others to test on."""
    good = good or dataset.good or GOOD
    for image in dataset.images:
        if image.label is None:
            names = sorted(classes_of(image))
            image.label = good if not names else names[0] if not names[1:] else COMBINED
        if image.label != good and image.split == 'train':
            notes.add('defective image moved from training to test', image.path)
            image.split = 'test'
    dataset.good = good
    good_images = [image for image in dataset.images if image.label == good]
    if not any(image.split == 'train' for image in good_images):
        raise InputError(
            f'{dataset.images[0].path}: found no good image to learn from among '
            f'{len(dataset.images)}, expected some (--good names their class)'
        )
    if not any(image.split == 'test' for image in good_images):
        trained = [image for image in good_images if image.split == 'train']
        part = LabelledSet(dataset.format, trained, [good])
        split_images(
            part,
            notes,
            test_fraction=GOOD_TEST_FRACTION,
            seed=seed,
            part_pattern=part_pattern,
        )
        moved = sum(image.split == 'test' for image in trained)
        notes.add(f'good image taken for test ({GOOD_TEST_FRACTION:g})', number=moved)
    for image in dataset.images:
        if image.label == good:
            image.label = GOOD
    dataset.good = GOOD
    kinds = {image.label for image in dataset.images} - {GOOD}
    dataset.classes = [GOOD, *sorted(kinds)]
    if not kinds:
        notes.add('test set of good images alone (it measures false alarms)')


def _keep(
    dataset: LabelledSet,
    notes: Notes,
    wanted: Callable[[LabelledImage], bool],
    what: str,
) -> None:
    for image in dataset.images:
        if not wanted(image):
            notes.add(what, image.path)
    dataset.images = [image for image in dataset.images if wanted(image)]


def _box_area(item: LabelledObject) -> float:
    left, top, right, bottom = item.box
    return (right - left) * (bottom - top)


# --- writing


def write_coco(dataset: LabelledSet, root: Path, files: Files) -> list[str]:
    """``SPLIT/annotations.json`` and ``SPLIT/images``."""
    for split in dataset.splits():
        images = dataset.in_split(split)
        for image in track(images, f'Writing {split}'):
            files.place(image, root / split / 'images')
        content = coco.content_of(images, dataset.classes)
        text = json.dumps(content) + '\n'
        (root / split / 'annotations.json').write_text(text)
    return [
        "mmacnn.CheckedCocoDataset: ann_file='SPLIT/annotations.json', "
        "data_prefix=dict(img='SPLIT/images')"
    ]


def write_yolo_roi(dataset: LabelledSet, root: Path, files: Files) -> list[str]:
    """``classes.txt``, ``SPLIT/images`` and ``SPLIT/labels``."""
    numbers = {name: number for number, name in enumerate(dataset.classes)}
    for split in dataset.splits():
        labels = files.make(root / split / 'labels')
        for image in track(dataset.in_split(split), f'Writing {split}'):
            files.place(image, root / split / 'images')
            if image.objects:
                item = image.objects[0]
                number = numbers[item.name]
                corners = oriented_box(item.outline, image.size)
                if corners:
                    line = yolo.line_of_corners(number, corners, image.size)
                else:
                    line = yolo.line_of(number, item.box, image.size)
            else:
                line = str(numbers[image.label])
            (labels / f'{Path(image.name).stem}.txt').write_text(line + '\n')
    (root / 'classes.txt').write_text('\n'.join(dataset.classes) + '\n')
    return ["mmacnn.YOLORoIDataset: data_root='OUT/SPLIT'"]


def write_class_folders(dataset: LabelledSet, root: Path, files: Files) -> list[str]:
    """``SPLIT/images/CLASS`` and ``SPLIT/masks/CLASS``.

    To train, a mask of each defective image that has outlines; else masks where all
    have.
    """
    use = "mmacnn.ClassFolderDataset: data_prefix=dict(img_path='SPLIT/images'"
    with_masks = []
    for split in dataset.splits():
        images = dataset.in_split(split)
        masked = _masked_images(images, dataset.good, needs_all=split != 'train')
        with_masks += [split] * bool(masked)
        masked = set(map(id, masked))
        for image in track(images, f'Writing {split}'):
            files.place(image, root / split / 'images' / image.label)
            if id(image) in masked:
                name = f'{Path(image.name).stem}.png'
                path = root / split / 'masks' / image.label / name
                files.write_mask(_mask_of(image), path)
        for name in dataset.classes:  # the data set asks for every class's folder
            files.make(root / split / 'images' / name)
    masks = ", mask_path='SPLIT/masks'" if with_masks else ''
    return [f'{use}{masks})']


def write_anomaly(dataset: LabelledSet, root: Path, files: Files) -> list[str]:
    """MVTec AD's ``train/good``, ``test/KIND`` and ``ground_truth/KIND``."""
    has_masks = _masked_images(dataset.in_split('test'), GOOD, needs_all=True)
    for split in dataset.splits():
        for image in track(dataset.in_split(split), f'Writing {split}'):
            files.place(image, root / split / image.label)
            if has_masks and split == 'test' and image.label != GOOD:
                name = f'{Path(image.name).stem}_mask.png'
                path = root / 'ground_truth' / image.label / name
                files.write_mask(_mask_of(image), path)
    val = ", val_dir='val'" if 'val' in dataset.splits() else ''
    return [f"mmacnn.AnomalyFolderDataset: category=''{val}"]


def write_regions(dataset: LabelledSet, root: Path, files: Files) -> list[str]:
    """``SPLIT.csv``, ``images/SPLIT`` and ``masks/SPLIT``."""
    for split in dataset.splits():
        with open(root / f'{split}.csv', 'w', newline='', encoding='utf-8') as file:
            table = csv.writer(file)
            table.writerow(['image', 'mask', 'label'])
            for image in track(dataset.in_split(split), f'Writing {split}'):
                files.place(image, root / 'images' / split)
                for number, item in enumerate(image.objects):
                    name = f'{split}/{Path(image.name).stem}_{number}.png'
                    mask = object_mask(item, image.size)
                    files.write_mask(mask, root / 'masks' / name)
                    table.writerow([f'{split}/{image.name}', name, item.name])
    return [
        "mmacnn.RegionFolderDataset: ann_file='SPLIT.csv', "
        "data_prefix=dict(img_path='images', mask_path='masks')"
    ]


def _masked_images(
    images: list[LabelledImage], good: str | None, needs_all: bool
) -> list[LabelledImage]:
    """The defective images whose mask is known; a box alone is none.

    Args:
        images: Of a split.
        good: Name of the good class, None where there is none.
        needs_all: Whether it is all or none; else an empty mask counts as unknown.
    """
    defective = [image for image in images if good and image.label != good]
    known = [image for image in defective if _has_outline(image)]
    if needs_all:
        return known if len(known) == len(defective) else []
    return [image for image in known if image.objects]


def _has_outline(image: LabelledImage) -> bool:
    return image.has_mask or bool(
        image.objects and all(item.outline is not None for item in image.objects)
    )


def object_mask(item: LabelledObject, size: tuple[int, int]) -> np.ndarray:
    """An object's mask (H, W), uint8, 0 or 1: its outline, or else its box.

    Args:
        item: The object.
        size: (height, width) of its image.
    """
    if item.outline is not None:
        return decode_region(item.outline, size, item.where)
    mask = np.zeros(size, np.uint8)
    left, top, right, bottom = (int(value + 0.5) for value in item.box)
    mask[top : max(bottom, top + 1), left : max(right, left + 1)] = 1
    return mask


def _mask_of(image: LabelledImage) -> np.ndarray:
    mask = np.zeros(image.size, np.uint8)
    for item in image.objects:
        mask |= object_mask(item, image.size)
    return mask


WRITERS = {
    'yolo-roi': write_yolo_roi,
    'coco': write_coco,
    'class-folders': write_class_folders,
    'anomaly': write_anomaly,
    'regions': write_regions,
}
