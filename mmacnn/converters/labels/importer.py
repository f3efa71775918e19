# Copyright (c) mmacnn authors. All rights reserved.
"""From a folder as a labelling tool exports it to what our data sets read."""

import os.path as osp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmacnn.datasets.class_names import check_class_names
from mmacnn.utils import InputError, atomic_folder, require_empty

from . import coco, cvat, deeppcb, folders, label_studio, labelme, table, voc, yolo
from . import targets as target_module
from .annotations import LabelledImage, LabelledSet
from .cleaning import clean
from .source import Source
from .splitting import limit_training, note_lacking, split_images
from .targets import WRITERS, Files

# In this order: what says more of itself comes first.
FORMATS = (coco, label_studio, labelme, cvat, voc, deeppcb, yolo, table, folders)
READERS = {module.NAME: module for module in FORMATS}
REPORT = 'import.txt'


@dataclass
class ImportOptions:
    """What may be said of a source, and of what becomes of it.

    Args:
        format: Name of the source's format; recognised by default.
        images: Folder of the images where they are not in the source.
        classes: Names in the order they shall have; all that are found by default.
        good: Name of the class of images without a defect.
        merge: One name for all classes of defects.
        largest: Of several objects on an image keep the largest (yolo-roi).
        unlabelled: What an image without a label is: 'skip' or 'background'.
        skip_missing: Leave out labels of absent images.
        skip_damaged: Leave out images that cannot be read, and their labels.
        coco_boxes: 'xywh', or 'xyxy' where a tool wrote corners.
        first_pixel: Number of the first pixel in VOC's xml, 0 or 1.
        rescale_labels: Scale labels that were drawn on the image in another size.
        val_fraction, test_fraction: Taken from the training images.
        limit: Images to keep for training, at most, of each class alike; all by
            default.
        seed: Chooses which.
        part_pattern: What in a path names the part that an image shows, whose images
            stay in one split; see :func:`mmacnn.converters.labels.splitting.part_of`.
        link: Make hard links to the images and no copies.
    """

    format: str | None = None
    images: str | None = None
    classes: Sequence[str] | None = None
    good: str | None = None
    merge: str | None = None
    largest: bool = False
    unlabelled: str = 'skip'
    skip_missing: bool = False
    skip_damaged: bool = False
    coco_boxes: str = 'xywh'
    first_pixel: int | None = None
    rescale_labels: bool = False
    val_fraction: float = 0.0
    test_fraction: float = 0.0
    limit: int | None = None
    seed: int = 0
    part_pattern: str | None = None
    link: bool = False


@dataclass
class ImportReport:
    """What was found, changed and written.

    Args:
        found: The source's format.
        notes: What was changed, counted.
        classes: Names of the classes.
        images: Number of images in each split.
        objects: Number of objects, or of whole images, of each class in each split.
        use: How a config names the result.
    """

    found: str
    notes: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    images: dict[str, int] = field(default_factory=dict)
    objects: dict[str, dict[str, int]] = field(default_factory=dict)
    use: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report as text."""
        lines = [
            f'found: {self.found}',
            'changed:' if self.notes else 'changed: nothing',
        ]
        lines += [f'  {note}' for note in self.notes]
        lines.append(f'classes: {", ".join(self.classes)}')
        for split, count in self.images.items():
            objects = self.objects[split]
            listed = ', '.join(f'{name} {n}' for name, n in objects.items())
            total = sum(objects.values())
            lines.append(f'{split}: {count} images, {total} labels ({listed})')
        return lines + [f'use: {line}' for line in self.use]


def read_labels(
    path: str, options: ImportOptions | None = None
) -> tuple[LabelledSet, Source, str]:
    """Recognise and read a source.

    Args:
        path: Folder, or label file.
        options: What is said of it.

    Returns:
        The labels as they were read, the source with its notes, and what was found.

    Raises:
        FileNotFoundError: The source or an image is missing.
        InputError: No format is recognised, or a label is wrong.
    """
    options = options or ImportOptions()
    source = Source(
        path,
        options.images,
        options.skip_missing,
        options.unlabelled,
        options.skip_damaged,
    )
    module, found = _recognise(source, options.format)
    names = list(options.classes) if options.classes else None
    if module is coco:
        dataset = coco.read(source, options.coco_boxes)
    elif module is voc:
        dataset = voc.read(source, options.first_pixel)
    elif module in (yolo, deeppcb):
        dataset = module.read(source, names)
    elif module is folders:
        dataset = folders.read(source, options.good, names)
    else:
        dataset = module.read(source)
    if not dataset.images:
        raise InputError(f'{path}: found {found}, but no labelled image, expected some')
    if options.good and not dataset.good:
        dataset.good = options.good
    return dataset, source, found


def _recognise(source: Source, name: str | None) -> tuple:
    if name is not None:
        module = READERS[name]
        return module, module.recognise(source) or f'used for {name}'
    for module in FORMATS:
        found = module.recognise(source)
        if found:
            return module, found
    counts = Counter(osp.splitext(file)[1].lower() for file in source.label_files)
    kinds = ', '.join(
        f'{n} {suffix or "without suffix"}' for suffix, n in counts.most_common(4)
    )
    raise InputError(
        f'{source.path}: found no labels of a known kind ({kinds} files), expected '
        'COCO json, YOLO or DeepPCB text, VOC or CVAT xml, labelme or Label Studio '
        'json, CSV, class folders or masks (docs/en/data_formats.md)'
    )


def import_labels(
    source: str, out: str | None, to: str, options: ImportOptions | None = None
) -> ImportReport:
    """Read a source and write what our data sets read. The source is never touched.

    Args:
        source: Folder, or label file beside its images.
        out: New or empty folder; None reads and checks alone.
        to: 'yolo-roi', 'coco', 'class-folders', 'anomaly' or 'regions'.
        options: See :class:`ImportOptions`.

    Raises:
        FileNotFoundError: The source or an image is missing.
        FileExistsError: ``out`` holds something.
        InputError: The source is not understood, or is wrong.
    """
    options = options or ImportOptions()
    if out is not None:
        require_empty(out)
        refuse_inside(source, out)
    dataset, files, found = read_labels(source, options)
    notes = files.notes
    clean(dataset, notes, options.rescale_labels)
    order_classes(dataset, options.classes, source)
    split_images(
        dataset,
        notes,
        options.val_fraction,
        options.test_fraction,
        options.seed,
        options.part_pattern,
    )
    if options.limit:
        limit_training(dataset, notes, options.limit, options.seed)
    _prepare(dataset, to, notes, options)
    if not dataset.images:
        raise InputError(f'{source}: found no image for --to {to}, expected some')
    note_lacking(dataset, notes)
    name_images(dataset, by_label=to in ('class-folders', 'anomaly'))
    report = ImportReport(found, notes.lines(), dataset.classes)
    for split in dataset.splits():
        images = dataset.in_split(split)
        report.images[split] = len(images)
        report.objects[split] = count_labels(images, dataset.classes)
    if 'train' not in report.images:
        raise InputError(
            f'{source}: found no image for training, expected some (its splits: '
            f'{", ".join(report.images)})'
        )
    if out is not None:
        with atomic_folder(out) as root:
            report.use = WRITERS[to](dataset, root, Files(options.link))
            text = '\n'.join([f'imported from {osp.abspath(source)}', *report.lines()])
            (root / REPORT).write_text(text + '\n', encoding='utf-8')
    return report


def refuse_inside(source: str, out: str) -> None:
    """Keep the output out of the source, which is never touched.

    Raises:
        InputError: ``out`` is in ``source``.
    """
    root = osp.realpath(source)
    if osp.commonpath((root, osp.realpath(out))) == root:
        raise InputError(
            f'{out}: found a folder in the source {source}, expected one outside of it'
        )


def _prepare(dataset: LabelledSet, to: str, notes, options: ImportOptions) -> None:
    if options.merge and to in ('coco', 'regions', 'yolo-roi'):
        for image in dataset.images:
            for item in image.objects:
                item.name = options.merge
        dataset.classes = [options.merge]
    if to == 'coco':
        target_module.prepare_coco(dataset, notes)
    elif to == 'regions':
        target_module.prepare_regions(dataset, notes)
    elif to == 'yolo-roi':
        target_module.prepare_yolo_roi(dataset, notes, options.largest)
    elif to == 'class-folders':
        target_module.prepare_class_folders(dataset, notes, options.merge, options.good)
    else:
        target_module.prepare_anomaly(
            dataset, notes, options.good, options.seed, options.part_pattern
        )


def order_classes(
    dataset: LabelledSet, classes: Sequence[str] | None, source: str
) -> None:
    """Give the classes the order that was asked for.

    Raises:
        InputError: The names are no class names, or one that is used is not among them.
    """
    if classes is None:
        check_class_names(dataset.classes, f'{source}: classes')
        return
    check_class_names(classes, '--classes')
    used = {item.name for image in dataset.images for item in image.objects}
    used |= {image.label for image in dataset.images if image.label}
    for name in sorted(used.difference(classes)):
        raise InputError(
            f'{source}: found the class {name!r}, expected one of --classes: '
            f'{", ".join(classes)}'
        )
    dataset.classes = list(classes)


def name_images(dataset: LabelledSet, by_label: bool = False) -> None:
    """Give each image a name that is unique in its split, also without suffix.

    Args:
        dataset: The images.
        by_label: Whether each label has a folder, in which names are unique.
    """
    used: set[tuple] = set()
    images = sorted(dataset.images, key=lambda image: image.path)
    for image in images:
        path = Path(image.path)
        name = path.name
        folders_above = list(path.parts[:-1])
        place = image.split, image.label if by_label else None
        while (*place, Path(name).stem.lower()) in used:
            if not folders_above:
                name = f'{path.stem}_{len(used)}{path.suffix}'
                break
            name = f'{folders_above.pop()}_{name}'
        used.add((*place, Path(name).stem.lower()))
        image.name = name


def count_labels(images: list[LabelledImage], classes: list[str]) -> dict[str, int]:
    """Number of objects of each class, and of images whose whole has a class."""
    counts: Counter = Counter()
    for image in images:
        if image.label is not None and image.label in classes:
            counts[image.label] += 1
        else:
            counts.update(item.name for item in image.objects)
    return {name: counts[name] for name in classes}
