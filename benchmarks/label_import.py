# Copyright (c) mmacnn authors. All rights reserved.
"""Time and memory of importing many labels, from each of several formats.

Example: ``python benchmarks/label_import.py --images 20000 --labels 100000``.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from mmacnn.cli import int_at_least
from mmacnn.converters.labels import (
    LabelledImage,
    LabelledObject,
    LabelledSet,
    write_labels,
)

CLASSES = [f'kind {number}' for number in range(8)]
SIZE = (96, 128)


def make_labels(folder: Path, num_images: int, num_labels: int) -> LabelledSet:
    """Write small images and put random boxes on them.

    Args:
        folder: A new folder for the images.
        num_images: Number of images, each a file of its own.
        num_labels: Number of boxes in all.
    """
    random = np.random.RandomState(0)
    picture = random.randint(0, 256, (*SIZE, 3), dtype=np.uint8)
    data = cv2.imencode('.jpg', picture)[1].tobytes()
    folder.mkdir()
    images = []
    for number in range(num_images):
        path = folder / f'{number:06}.jpg'
        path.write_bytes(data)
        images.append(LabelledImage(str(path), SIZE, name=path.name))
    lefts = random.uniform(0, SIZE[1] - 20, num_labels)
    tops = random.uniform(0, SIZE[0] - 20, num_labels)
    sides = random.uniform(4, 20, (num_labels, 2))
    for index in range(num_labels):
        left, top = float(lefts[index]), float(tops[index])
        box = (left, top, left + float(sides[index, 0]), top + float(sides[index, 1]))
        name = CLASSES[index % len(CLASSES)]
        images[index % num_images].objects.append(LabelledObject(name, box))
    return LabelledSet('made', images, CLASSES)


def measure(source: Path, out: Path, to: str) -> dict[str, float]:
    """Import in a process of its own: wall and CPU seconds, and its peak memory.

    Returns:
        ``wall_s``, ``cpu_s`` and ``peak_mb``; the peak is that of the largest process
        so far.
    """
    command = [sys.executable, '-m', 'mmacnn', 'import', source, out, '--to', to]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return dict(wall_s=wall, cpu_s=cpu, peak_mb=after.ru_maxrss / 1024)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int_at_least(1), default=20_000)
    parser.add_argument('--labels', type=int_at_least(1), default=100_000)
    parser.add_argument(
        '--formats', nargs='+', default=['coco', 'yolo', 'voc', 'labelme', 'cvat']
    )
    parser.add_argument('--to', default='coco')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder, 'images')
        dataset = make_labels(images, args.images, args.labels)
        print(f'{args.images} images, {args.labels} labels, to {args.to}')
        for name in args.formats:
            source, out = Path(folder, name), Path(folder, 'out')
            write_labels(dataset, name, str(source))
            images.rename(source / 'images')
            found = measure(source, out, args.to)
            print(
                f'{name}: {found["wall_s"]:.1f} s, {found["cpu_s"]:.1f} s CPU, '
                f'{found["peak_mb"]:.0f} MB'
            )
            (source / 'images').rename(images)
            shutil.rmtree(source)
            shutil.rmtree(out)


if __name__ == '__main__':
    main()
