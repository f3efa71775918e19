# Copyright (c) mmacnn authors. All rights reserved.
"""Compose a data set and write it atomically, the same for any number of processes."""

import json
import os.path as osp
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import yaml

from mmacnn.converters.labels import coco, yolo
from mmacnn.converters.labels.annotations import LabelledImage, LabelledObject
from mmacnn.converters.labels.importer import (
    ImportOptions,
    ImportReport,
    count_labels,
    refuse_inside,
)
from mmacnn.synthetic.writer import map_jobs, sample_label, sample_seeds
from mmacnn.utils import atomic_folder, require_empty

from .image import Recipe, compose_image
from .material import Material, read_materials
from .options import ComposeOptions

REPORT = 'compose.txt'
Job = tuple[str, int, Recipe]


def compose_dataset(
    source: str,
    out: str,
    counts: dict[str, int],
    options: ComposeOptions | None = None,
    read_options: ImportOptions | None = None,
    backgrounds: str | None = None,
    num_workers: int = 1,
) -> ImportReport:
    """Compose images of the objects on labelled photographs.

    Args:
        source: Data set of any layout that the importer reads; it is never touched.
        out: New or empty folder.
        counts: Number of images of each split, 'train' and perhaps 'val'.
        options: How they are composed.
        read_options: What is said of the source.
        backgrounds: Folder of images without objects.
        num_workers: Processes.

    Returns:
        What was found, left out and written.

    Raises:
        FileNotFoundError: Something to read is missing.
        FileExistsError: ``out`` holds something.
        InputError: The source is not understood, or has no object to cut out.
    """
    options = options or ComposeOptions()
    read_options = replace(read_options or ImportOptions(), seed=options.seed)
    counts = {split: count for split, count in counts.items() if count}
    require_empty(out)
    refuse_inside(source, out)
    val_fraction = counts.get('val', 0) / sum(counts.values())
    materials = read_materials(
        source, tuple(counts), val_fraction, read_options, backgrounds
    )
    if options.size is None:
        options = replace(options, size=_common_size(materials.splits))
    report = ImportReport(materials.found, classes=materials.classes)
    with atomic_folder(out) as root:
        jobs = [
            (split, index, _recipe(materials.splits[split], split, index, options))
            for split, count in counts.items()
            for index in range(count)
        ]
        for split in counts:
            (root / split / 'images').mkdir(parents=True)
        write = partial(_write_image, options=options, root=root)
        written = dict(map_jobs(jobs, write, num_workers, 'Composing'))
        for split, count in counts.items():
            images = [written[split, index][0] for index in range(count)]
            _write_labels(images, materials.classes, options.to, root / split)
            report.images[split] = count
            report.objects[split] = count_labels(images, materials.classes)
        left = sum(number for _, number in written.values())
        if left:
            materials.notes.add('object that found no room', number=left)
        report.notes = materials.notes.lines()
        report.use = _write_head(materials.classes, tuple(counts), options.to, root)
        lines = [f'composed from {osp.abspath(source)}: {options}', *report.lines()]
        (root / REPORT).write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return report


def _common_size(splits: dict[str, Material]) -> tuple[int, int]:
    sizes = Counter(
        image.size for material in splits.values() for image in material.photographs
    )
    return sizes.most_common(1)[0][0]


def _recipe(
    material: Material, split: str, index: int, options: ComposeOptions
) -> Recipe:
    """Choose what is on an image; each class is as likely as any other."""
    # A spawn key of its own, since the image's pixels have a stream of their own.
    seeds = sample_seeds(options.seed, split, index)
    rng = np.random.default_rng(seeds.spawn(1)[0])
    least, most = options.objects
    number = least + sample_label(options.seed, split, index, most - least + 1)

    def draw() -> tuple[LabelledImage, LabelledObject]:
        names = sorted(material.objects)
        cuttings = material.objects[names[rng.integers(len(names))]]
        return cuttings[rng.integers(len(cuttings))]

    return Recipe(
        material.backgrounds[rng.integers(len(material.backgrounds))],
        [draw() for _ in range(number)],
        [draw() for _ in range(rng.integers(options.decoys[0], options.decoys[1] + 1))],
    )


def _write_image(
    job: Job, options: ComposeOptions, root: Path
) -> tuple[tuple[str, int], tuple[LabelledImage, int]]:
    """Compose and write one image; return its labels by its split and number."""
    split, index, recipe = job
    rng = np.random.default_rng(sample_seeds(options.seed, split, index))
    image, objects, left = compose_image(recipe, options, rng)
    name = f'{split}_{index:06d}.jpg'
    path = root / split / 'images' / name
    quality = int(rng.integers(options.jpeg[0], options.jpeg[1] + 1))
    done, content = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(content.tobytes() if done else b'')
    labelled = LabelledImage(str(path), options.size, split, name=name)
    for item in objects:
        polygons = [item.corners] if options.to == 'yolo-obb' else item.outline
        outline = [polygon.ravel().round(3).tolist() for polygon in polygons]
        labelled.objects.append(LabelledObject(item.name, item.box, outline))
    return (split, index), (labelled, left)


def _write_labels(
    images: list[LabelledImage], classes: list[str], to: str, folder: Path
) -> None:
    """Write the labels of a split."""
    if to == 'coco':
        text = json.dumps(coco.content_of(images, classes)) + '\n'
        (folder / 'annotations.json').write_text(text)
        return
    (folder / 'labels').mkdir()
    numbers = {name: number for number, name in enumerate(classes)}
    for image in images:
        lines = [
            yolo.line_of_corners(numbers[item.name], item.outline[0], image.size)
            if to == 'yolo-obb'
            else yolo.line_of(numbers[item.name], item.box, image.size)
            for item in image.objects
        ]
        path = folder / 'labels' / f'{Path(image.name).stem}.txt'
        path.write_text(''.join(f'{line}\n' for line in lines))


def _write_head(
    classes: list[str], splits: tuple[str, ...], to: str, root: Path
) -> list[str]:
    """Write what all splits share; return how a config names the data set."""
    (root / 'classes.txt').write_text('\n'.join(classes) + '\n', encoding='utf-8')
    if to == 'coco':
        return [
            "mmacnn.CheckedCocoDataset: ann_file='SPLIT/annotations.json', "
            "data_prefix=dict(img='SPLIT/images')"
        ]
    content = dict(path='.', train='train/images', val=f'{splits[-1]}/images')
    content['names'] = dict(enumerate(classes))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (root / 'data.yaml').write_text(text, encoding='utf-8')
    return [
        "mmacnn.YOLORoIDataset: data_root='OUT/SPLIT' (of one object an image)",
        'Ultralytics: data=OUT/data.yaml',
    ]
