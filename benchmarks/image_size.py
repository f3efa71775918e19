# Copyright (c) mmacnn authors. All rights reserved.
"""Latency and memory of each method as photographs grow, from frame to verdict.

The network gets the photograph at its own size. Weights are random: they cost the same.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import torch
from cost import in_child, plot_curves
from methods import CONFIGS, METHODS, random_weights
from mmengine.config import Config

from mmacnn.cli import image_size, int_at_least
from mmacnn.inference import Inspector, box_region
from mmacnn.utils import run_tool, track
from mmacnn.utils.text import markdown_table

EFFICIENTNET = 'attentdiffernet-se_efficientnet-lite0_8e_synthetic-anomaly.py'
CONFIG_OF = dict(METHODS, AttentDifferNet=f'attentdiffernet/{EFFICIENTNET}')
SIZES = ['240x320', '480x640', '720x960', '960x1280', '1440x1920', '1920x2560']
Size = tuple[int, int]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--sizes', nargs='+', type=image_size, default=SIZES, metavar='HxW'
    )
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--rounds', type=int_at_least(1), default=7)
    parser.add_argument('--plot', metavar='PNG')
    args = parser.parse_args()
    args.sizes = [image_size(s) if isinstance(s, str) else s for s in args.sizes]
    return args


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    seconds, memory, rows = {}, {}, []
    for name in args.methods:
        with tempfile.TemporaryDirectory() as folder:
            seconds[name], _ = in_child(
                time_sizes, name, args.sizes, args.rounds, folder
            )
            memory[name] = [
                in_child(time_sizes, name, [size], 1, folder)[1]
                for size in track(args.sizes, f'{name}: memory')
            ]
        ratios = [value / seconds[name][0] for value in seconds[name]]
        rows.append([name, 'times slower', *(f'{ratio:.1f}' for ratio in ratios)])
        rows.append(['', 'ms', *(f'{1000 * value:.0f}' for value in seconds[name])])
        rows.append(['', 'MB', *(f'{value:.0f}' for value in memory[name])])
    print(markdown_table(['', '', *(f'{h}x{w}' for h, w in args.sizes)], rows))
    if args.plot:
        plot_curves(
            args.plot,
            'megapixels',
            [round(h * w / 1e6, 2) for h, w in args.sizes],
            {
                'ms of CPU time from frame to verdict': {
                    name: [1000 * value for value in values]
                    for name, values in seconds.items()
                },
                'MB at most beyond the imported libraries': memory,
            },
        )


def time_sizes(
    name: str, sizes: Sequence[Size], rounds: int, folder: str
) -> list[float]:
    """Median seconds of CPU time at each size, the sizes interleaved."""
    random = np.random.default_rng(0)
    calls = []
    for size in sizes:
        inspector = make_inspector(name, size, folder)
        calls.append((inspector, random.integers(0, 256, (*size, 3), np.uint8)))
    seconds = [[] for _ in calls]
    for turn in range(1 + rounds):
        for (inspector, frame), column in zip(calls, seconds, strict=True):
            start = process_time()
            list(inspector([frame]))
            if turn:  # the first is to warm up
                column.append(process_time() - start)
    return [median(column) for column in seconds]


def make_inspector(name: str, size: Size, folder: str) -> Inspector:
    """The method's Inspector for photographs of one size."""
    cfg = Config.fromfile(CONFIGS / CONFIG_OF[name])
    height, width = size
    for step in cfg.test_dataloader.dataset.pipeline:
        if step['type'] == 'Resize':
            step.scale = (width, height)
    regions = None
    if name == 'AttentDifferNet':
        cfg.model.feature_extractor.scales = [
            (height // part, width // part) for part in (1, 2, 4)
        ]
    if name.startswith('ROI mask'):
        box = (width // 4, height // 4, width // 2, height // 2)
        regions = [box_region(box)]
    config = Path(folder, 'config.py')
    cfg.dump(config)
    weights = random_weights(config, folder)
    return Inspector(str(config), weights, 'cpu', regions=regions)


if __name__ == '__main__':
    run_tool(main)
