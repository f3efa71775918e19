# Copyright (c) mmacnn authors. All rights reserved.
"""From a camera's frame to the verdict: where the time goes, and what would save it.

Each method runs through the Inspector on one thread of the CPU. Times are CPU
time, medians over the rounds; ratios are of the same round. Weights are random.
"""

import argparse
import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from statistics import median
from time import process_time

import cv2
import numpy as np
import torch
from methods import CONFIGS, METHODS, REGION, random_weights
from mmcv.cnn import fuse_conv_bn
from mmengine.logging import MMLogger
from spans import Spans, rows_of
from torch import nn
from turns import FLAG, Turns, add_before, take_turns, trees

from mmacnn.cli import int_at_least
from mmacnn.inference import Inspector
from mmacnn.utils import run_tool
from mmacnn.utils.text import markdown_table

# Of the photographs that the methods' benchmarks have, (height, width).
SIZES = {
    'A-CNN': (480, 640),
    'ROI mask R-18': (480, 480),
    'CAM': (480, 752),
    'AttentDifferNet': (256, 256),
    'CANet R-18': (320, 320),
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--rounds', type=int_at_least(1), default=21)
    add_before(parser)
    parser.add_argument(FLAG, nargs=2, dest='inspect', help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    MMLogger.get_current_instance().setLevel('WARNING')
    if args.inspect:
        take_turns(lambda: inspect(*args.inspect))
        return
    header = ['variant', 'ms', 'by the default', 'largest change of the score']
    for name in args.methods:
        height, width = SIZES[name]
        inspector, frame = make_inspector(name), make_frame(SIZES[name])
        compared = compare_variants(inspector, frame, args.rounds)
        print(f'\n### {name}, {height}x{width}\n')
        rows = rows_of(break_down(inspector, frame, args.rounds).runs)
        print(markdown_table(['stage', 'ms', 'fraction', ''], rows), '\n')
        print(markdown_table(header, compared))
    if args.before:
        print('\n### Against the older checkout\n')
        rows = [compare_trees(name, args.before, args.rounds) for name in args.methods]
        print(markdown_table(['', 'ms now', 'times faster'], rows))


def make_inspector(name: str) -> Inspector:
    config = CONFIGS / METHODS[name]
    regions = [REGION] if name.startswith('ROI mask') else None
    with tempfile.TemporaryDirectory() as folder:
        weights = random_weights(config, folder)
        return Inspector(str(config), weights, 'cpu', regions=regions)


def make_frame(size: tuple[int, int]) -> np.ndarray:
    """A photograph of nothing, (H, W, 3) uint8 BGR."""
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


def break_down(inspector: Inspector, frame: np.ndarray, rounds: int) -> Spans:
    """Time the stages of an Inspector, which is of no other use afterwards."""
    spans = Spans()
    inferencer = inspector.inferencer
    inferencer.pipeline.transforms = [
        spans.wrap(type(step).__name__, step) for step in inferencer.pipeline.transforms
    ]
    for owner, method, stage in (
        (inferencer, 'preprocess', 'preprocess'),
        (inferencer, 'forward', 'forward'),
        (inspector, 'result_of', 'result, verdict'),
        (inferencer, 'pipeline', 'pipeline'),
        (inferencer, 'collate', 'collate'),
        (inferencer.model, 'test_step', 'model'),
    ):
        spans.wrap_method(owner, method, stage)
    spans.wrap_modules(inferencer.model, depth=2)
    whole = spans.wrap('frame to verdict', lambda: next(inspector(frame)))
    for turn in range(3 + rounds):
        spans.start()
        with torch.no_grad():
            whole()
        if turn < 3:  # to warm up
            spans.runs.clear()
    return spans


def compare_variants(
    inspector: Inspector, frame: np.ndarray, rounds: int
) -> list[list]:
    """What would save time, and what it does to the score."""
    variants = {'default': _inspect(inspector, frame)}
    for name, change in (
        ('conv and norm fused', fuse_conv_bn),
        ('channels last', _channels_last),
        ('both', lambda model: _channels_last(fuse_conv_bn(model))),
        ('bfloat16', None),
    ):
        changed = deepcopy(inspector)
        if change:
            change(changed.inferencer.model)
        variants[name] = _inspect(changed, frame, bfloat16=change is None)
    scores = {name: _score(call()) for name, call in variants.items()}
    # Late: the other process may have an older package.
    from mmacnn.benchmark.timing import cost_of, interleave

    calls = {name: partial(cost_of, call) for name, call in variants.items()}
    costs = interleave(calls, rounds, 'Comparing', warm_up=2)
    rows = []
    for name, these in costs.items():
        pairs = zip(these, costs['default'], strict=True)
        ratio = median(one.cpu / other.cpu for one, other in pairs)
        milliseconds = 1000 * median(one.cpu for one in these)
        change = abs(scores[name] - scores['default'])
        rows.append([name, f'{milliseconds:.1f}', f'{ratio:.2f}', f'{change:.1g}'])
    return rows


def compare_trees(name: str, before: str, rounds: int) -> list[str]:
    """Frame to verdict, each checkout with its own config."""
    from mmacnn.benchmark.timing import interleave

    with tempfile.TemporaryDirectory() as folder:
        weights = random_weights(CONFIGS / METHODS[name], folder)
        calls = {
            when: Turns(tree, __file__, name, weights)
            for when, tree in trees(before).items()
        }
        found = interleave(calls, rounds, name, warm_up=2)
        for call in calls.values():
            call.close()
    now, older = ([turn['cpu'] for turn in found[w]] for w in ('now', 'before'))
    ratio = median(old / new for old, new in zip(older, now, strict=True))
    return [name, f'{1000 * median(now):.1f}', f'{ratio:.2f}']


def inspect(name: str, weights: str) -> Callable[[], dict]:
    """Inspect a frame in each turn."""
    regions = [REGION] if name.startswith('ROI mask') else None
    inspector = Inspector(f'configs/{METHODS[name]}', weights, 'cpu', regions=regions)
    frame = make_frame(SIZES[name])

    def turn() -> dict:
        start = process_time()
        next(inspector(frame))
        return dict(cpu=process_time() - start)

    return turn


def _inspect(
    inspector: Inspector, frame: np.ndarray, bfloat16: bool = False
) -> Callable:
    def call():
        with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
            return next(inspector(frame))

    return call


def _score(result) -> float:
    return result.anomaly_score or result.score or 0.0


def _channels_last(model: nn.Module) -> nn.Module:
    return model.to(memory_format=torch.channels_last)


if __name__ == '__main__':
    run_tool(main)
