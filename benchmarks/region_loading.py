# Copyright (c) mmacnn authors. All rights reserved.
"""What it takes to load a large COCO json as regions, and to make their masks."""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mmacnn.benchmark.machine import peak_memory_mb
from mmacnn.cli import int_at_least
from mmacnn.datasets import ClassBalancedSampler, CocoRegionDataset
from mmacnn.datasets.regions import decode_region
from mmacnn.utils import run_tool

SIZE = (480, 640)  # Height and width of the images.
CORNERS = (10, 60)  # Fewest and most of a polygon, about as in COCO.
CLASSES, PER_IMAGE = 80, 7  # As in COCO.
MASKS = 500


class LoadCost(NamedTuple):
    """What was measured; times of the processor, in seconds.

    Attributes:
        json_mb: Size of the json.
        load: Time to load it and to look at every polygon.
        peak_mb: Memory that loading took at most, beyond what the process had before.
        kept_mb: Size of what the data set keeps, which its workers share.
        sampler: Time to order an epoch, class by class.
        mask: Time to make one mask.
    """

    json_mb: float
    load: float
    peak_mb: float
    kept_mb: float
    sampler: float
    mask: float

    def __str__(self) -> str:
        return (
            f'json {self.json_mb:.0f} MB: loaded in {self.load:.1f} s, '
            f'{self.peak_mb:.0f} MB at most, {self.kept_mb:.0f} MB kept\n'
            f'sampler {self.sampler:.1f} s, a mask {1000 * self.mask:.2f} ms'
        )


def measure_region_loading(instances: int, seed: int = 0) -> LoadCost:
    """Make a json of so many random polygons, load it, and measure.

    Args:
        instances: Number of annotations, 1 or more.
        seed: Of the polygons.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'regions.json')
        Image.new('L', SIZE[::-1]).save(Path(folder, 'image.jpg'))
        write_coco(path, instances, seed)
        before = peak_memory_mb()
        start = time.process_time()
        dataset = CocoRegionDataset(str(path), data_prefix=folder)
        load = time.process_time() - start
        peak = peak_memory_mb() - before
        size = path.stat().st_size / 1e6
    start = time.process_time()
    order = list(ClassBalancedSampler(dataset, seed=seed))[:MASKS]
    sampler = time.process_time() - start
    start = time.process_time()
    for index in order:
        decode_region(dataset.get_data_info(index)['region'], SIZE, '')
    mask = (time.process_time() - start) / len(order)
    kept = dataset.data_bytes.nbytes + dataset.data_address.nbytes
    return LoadCost(size, load, peak, kept / 1e6, sampler, mask)


def write_coco(path: Path, instances: int, seed: int) -> None:
    """Write a COCO json of random polygons, and its images beside it.

    They are links to one there, ``image.jpg``.

    Args:
        path: The json.
        instances: Number of annotations, 1 or more.
        seed: Of the polygons.
    """
    height, width = SIZE
    images = [
        dict(id=i, file_name=f'{i}.jpg', height=height, width=width)
        for i in range(-(-instances // PER_IMAGE))
    ]
    for image in images:
        path.with_name(image['file_name']).symlink_to('image.jpg')
    categories = [dict(id=i, name=f'class {i}') for i in range(CLASSES)]
    random = np.random.default_rng(seed)
    # One by one: together they would be the most memory that the process ever had.
    with path.open('w') as file:
        file.write('{"annotations": [')
        for index in range(instances):
            file.write(', ' * bool(index) + json.dumps(_annotation(index, random)))
        rest = json.dumps(dict(images=images, categories=categories))
        file.write(f'], {rest[1:]}')


def _annotation(index: int, random: np.random.Generator) -> dict:
    turns = np.sort(random.random(random.integers(*CORNERS)))
    radius = random.uniform(5, 100)
    centre = random.uniform((radius, radius), np.subtract(SIZE[::-1], radius))
    points = np.stack((np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)), 1)
    points = (centre + radius * points).round(2)
    width, height = np.ptp(points, 0).tolist()
    return dict(
        id=index,
        image_id=index // PER_IMAGE,
        category_id=int(random.integers(CLASSES)),
        bbox=[*points.min(0).tolist(), width, height],
        area=width * height,
        iscrowd=0,
        segmentation=[points.ravel().tolist()],
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--instances',
        type=int_at_least(1),
        default=100_000,
        metavar='N',
        help='annotations in the json (%(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    print(measure_region_loading(parse_args().instances))


if __name__ == '__main__':
    run_tool(main)
