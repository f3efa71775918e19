# Copyright (c) mmacnn authors. All rights reserved.
"""Does memory grow? Inspect many images, or train many epochs, and look.

    python benchmarks/memory.py inspect --images 20000
    python benchmarks/memory.py train --epochs 50

Prints memory, open files, threads, child processes and temporary files as the run goes,
and by how much each is more in the last quarter of it than in the second.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import cv2
import psutil
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmacnn.apis import train
from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.utils import atomic_write
from mmacnn.utils.text import plain_table

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'
WEIGHTS = ROOT / 'demo/acnn-opt_synthetic-product-code.pth'
COLUMNS = dict(
    memory='MB of this process',
    of_children='MB of its children',
    files='open files',
    threads='threads',
    children='child processes',
    temporary='temporary files',
)
SIZE = 120, 160  # Of an image, height and width in pixels.
SAMPLES = 40  # Looks at the process in a run.


class Log:
    """What the process holds, as the run goes.

    Args:
        temporary: Folder where temporary files of the run lie.
    """

    def __init__(self, temporary: Path) -> None:
        self.process, self.temporary = psutil.Process(), temporary
        self.rows: list[dict] = []

    def add(self, step: int) -> None:
        """Look now, after so many images or epochs."""
        children = self.process.children(recursive=True)
        row = dict(
            step=step,
            memory=self.process.memory_info().rss / 2**20,
            of_children=sum(child.memory_info().rss for child in children) / 2**20,
            files=self.process.num_fds(),
            threads=self.process.num_threads(),
            children=len(children),
            temporary=sum(len(files) for _, _, files in os.walk(self.temporary)),
        )
        self.rows.append(row)

    def growth(self) -> dict[str, float]:
        """Median of the last quarter, in % above that of the second; 0 for 0 and 0."""
        quarter = len(self.rows) // 4
        second, last = self.rows[quarter : 2 * quarter], self.rows[-quarter:]
        found = {}
        for name in COLUMNS:
            before, after = (
                statistics.median(row[name] for row in part) for part in (second, last)
            )
            found[name] = 100 * (after - before) / (before or 1)
        return found

    def print(self, unit: str) -> None:
        """A table of a row in every eighth of the run."""
        shown = self.rows[:: max(1, len(self.rows) // 8)]
        if shown[-1] is not self.rows[-1]:
            shown.append(self.rows[-1])
        rows = [[r['step'], *(f'{r[name]:.0f}' for name in COLUMNS)] for r in shown]
        rows.append(['growth %', *(f'{value:.2f}' for value in self.growth().values())])
        print(plain_table([unit, *COLUMNS.values()], rows))


def small_config(options: dict) -> Config:
    """A-CNN for small images: what leaks does so at any size."""
    height, width = SIZE
    roi_size = (height // 10, width // 8)
    cfg = load_config(str(CONFIG), cfg_options={'model.stn.roi_size': roi_size})
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].dataset.pipeline[1].scale = (width, height)
    cfg.merge_from_dict(options)
    return cfg


def inspect(folder: Path, images: int, pictures: bool, log: Log) -> None:
    """Inspect files, all different to the Inspector and few on the disk."""
    kinds = 16
    write_dataset(
        TASKS['product-code'], folder / 'data', dict(test=kinds), SIZE, seed=0
    )
    originals = sorted((folder / 'data/test/images').iterdir())
    inputs = folder / 'images'
    inputs.mkdir()
    for number in range(images):
        original = originals[number % kinds]
        os.link(original, inputs / f'{number:06d}{original.suffix}')
    small_config({}).dump(folder / 'small.py')
    inspector = Inspector(str(folder / 'small.py'), str(WEIGHTS), device='cpu')
    out_dir = str(folder / 'out') if pictures else ''
    every = max(1, images // SAMPLES)
    for number, result in enumerate(inspector(inputs, out_dir=out_dir), start=1):
        if result.error:
            sys.exit(f'error: {result.error}')
        if result.picture:
            os.remove(result.picture)  # or the disk is full of them
        if number % every == 0:
            log.add(number)


def train_epochs(folder: Path, epochs: int, workers: int, log: Log) -> None:
    """Train a tiny A-CNN with validation and checkpoints in every epoch."""

    @HOOKS.register_module(force=True)
    class LogHook(Hook):
        priority = 'LOWEST'

        def after_val_epoch(self, runner, metrics=None):
            log.add(runner.epoch)

    data = folder / 'data'
    write_dataset(TASKS['product-code'], data, dict(train=8, test=4), SIZE, seed=0)
    options = {
        'train_cfg.max_epochs': epochs,
        'train_cfg.val_interval': 1,
        'log_level': 'WARNING',
        'train_dataloader.dataset.box_fraction': 0.5,
        'custom_hooks': [dict(type='mmengine.LogHook')],
    }
    for split in ('train', 'val', 'test'):
        options |= {
            f'{split}_dataloader.dataset.data_root': str(data),
            f'{split}_dataloader.batch_size': 4,
            f'{split}_dataloader.num_workers': workers,
            f'{split}_dataloader.persistent_workers': workers > 0,
        }
    small_config(options).dump(folder / 'small.py')
    train(str(folder / 'small.py'), work_dir=str(folder / 'run'))
    left = sorted(path.name for path in (folder / 'run').glob('*.pth'))
    print('checkpoints left: ' + ' '.join(left))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Does memory grow? Inspect many images, or train many epochs.'
    )
    parser.add_argument('work', choices=['inspect', 'train'])
    parser.add_argument('--images', type=int, default=20000, help='to inspect (20000)')
    parser.add_argument(
        '--pictures', action='store_true', help='draw a picture of each image too'
    )
    parser.add_argument('--epochs', type=int, default=50, help='to train (50)')
    parser.add_argument(
        '--workers', type=int, default=1, help='of each data loader (1)'
    )
    parser.add_argument('--out', metavar='FILE', help='.json file of the figures')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as place:
        folder, temporary = Path(place), Path(place, 'temporary')
        temporary.mkdir()
        tempfile.tempdir = os.environ['TMPDIR'] = str(temporary)
        log = Log(temporary)
        if args.work == 'inspect':
            inspect(folder, args.images, args.pictures, log)
        else:
            train_epochs(folder, args.epochs, args.workers, log)
    log.print('images' if args.work == 'inspect' else 'epoch')
    if args.out:
        with atomic_write(args.out) as path:
            results = dict(rows=log.rows, growth=log.growth())
            Path(path).write_text(json.dumps(results))


if __name__ == '__main__':
    main()
