# Copyright (c) mmacnn authors. All rights reserved.
"""Time and memory to load each method's data set as the number of labels grows.

All images are links to one generated photograph; the labels differ.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from cost import in_child, plot_curves
from region_loading import PER_IMAGE, write_coco

from mmacnn.cli import int_at_least
from mmacnn.datasets import (
    AnomalyFolderDataset,
    CheckedCocoDataset,
    ClassFolderDataset,
    CocoRegionDataset,
    YOLORoIDataset,
)
from mmacnn.utils import run_tool, track
from mmacnn.utils.text import markdown_table

LINKS = 10_000  # to one file; file systems allow some ten thousand


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--labels',
        nargs='+',
        type=int_at_least(1),
        default=[1_000, 3_000, 10_000, 30_000, 100_000],
        metavar='N',
    )
    parser.add_argument('--methods', nargs='+', choices=DATASETS, default=[*DATASETS])
    parser.add_argument('--plot', metavar='PNG')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    seconds, memory, rows = {}, {}, []
    for name in args.methods:
        # Here once, so that what is imported on first use does not count.
        measure(name, PER_IMAGE, in_child=lambda work, *each: (work(*each), 0.0))
        costs = [measure(name, labels) for labels in track(args.labels, name)]
        seconds[name], memory[name] = zip(*costs, strict=True)
        ratios = [value / seconds[name][0] for value in seconds[name]]
        rows.append([name, 'times slower', *(f'{ratio:.1f}' for ratio in ratios)])
        rows.append(['', 's', *(f'{value:.2f}' for value in seconds[name])])
        rows.append(['', 'MB', *(f'{value:.0f}' for value in memory[name])])
    print(markdown_table(['', '', *(f'{labels}' for labels in args.labels)], rows))
    if args.plot:
        panels = {
            's of CPU time to load and check the labels': seconds,
            'MB at most while loading': memory,
        }
        plot_curves(args.plot, 'labels', args.labels, panels)


def measure(name: str, labels: int, in_child=in_child) -> tuple[float, float]:
    """CPU time in seconds, and MB at most, to load so many labels."""
    write, load, per_item = DATASETS[name]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_photograph(root)
        write(root, labels)
        return in_child(time_loading, load, root, -(-labels // per_item))


def time_loading(load: Callable[[Path], object], root: Path, items: int) -> float:
    """CPU time in seconds to make the data set, which must have all items."""
    start = process_time()
    dataset = load(root)
    elapsed = process_time() - start
    if len(dataset) != items:
        raise ValueError(f'{root}: found {len(dataset)} items, expected {items}')
    return elapsed


def _write_photograph(root: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    cv2.imwrite(str(root / 'image.jpg'), cv2.blur(noise, (9, 9)))


def _link_images(root: Path, folder: str, count: int) -> None:
    place = root / folder
    place.mkdir(parents=True)
    for index in range(count):
        image = place / f'{index:06d}.jpg'
        if index % LINKS == 0:
            first = Path(shutil.copy(root / 'image.jpg', image))
        else:
            os.link(first, image)


def _write_yolo(root: Path, labels: int) -> None:
    _link_images(root, 'images', labels)
    (root / 'classes.txt').write_text('a\nb\nc\nd\n')
    (root / 'labels').mkdir()
    for index in range(labels):
        label = f'{index % 4} 0.5 0.5 0.{index % 90 + 10} 0.05\n'
        (root / 'labels' / f'{index:06d}.txt').write_text(label)


def _write_classes(root: Path, labels: int) -> None:
    for index, name in enumerate(['good', 'defective']):
        _link_images(root, f'images/{name}', (labels + index) // 2)


def _write_good(root: Path, labels: int) -> None:
    _link_images(root, 'train/good', labels)


def _write_coco(root: Path, labels: int) -> None:
    write_coco(root / 'labels.json', labels, seed=0)


DATASETS = {
    'A-CNN: YOLORoIDataset': (
        _write_yolo,
        lambda root: YOLORoIDataset(str(root)),
        1,
    ),
    'CANet: CheckedCocoDataset': (
        _write_coco,
        lambda root: CheckedCocoDataset(
            ann_file=str(root / 'labels.json'),
            data_prefix=dict(img=str(root)),
            metainfo=dict(classes=[f'class {i}' for i in range(80)]),
        ),
        PER_IMAGE,
    ),
    'ROI mask: CocoRegionDataset': (
        _write_coco,
        lambda root: CocoRegionDataset(
            str(root / 'labels.json'), data_prefix=str(root)
        ),
        1,
    ),
    'AttentDifferNet: AnomalyFolderDataset': (
        _write_good,
        lambda root: AnomalyFolderDataset(str(root), val_fraction=0.0),
        1,
    ),
    'CAM: ClassFolderDataset': (
        _write_classes,
        lambda root: ClassFolderDataset(data_root=str(root / 'images')),
        1,
    ),
}


if __name__ == '__main__':
    run_tool(main)
