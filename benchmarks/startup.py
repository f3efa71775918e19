# Copyright (c) mmacnn authors. All rights reserved.
"""How long a user waits: for an import, and from nothing to the first verdict.

Each program is a process of its own. CPU time is compared: other programs on
the machine change it little; after the first round the files are in memory.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import cv2
import mmpretrain
import numpy as np
from methods import CONFIGS, METHODS, REGION, random_weights
from turns import ROOT, add_before, trees

from mmacnn.benchmark.timing import interleave
from mmacnn.cli import int_at_least
from mmacnn.utils import run_tool
from mmacnn.utils.text import markdown_table

IMPORTS = (
    'torch',
    'mmpretrain',
    'mmacnn',
    'mmacnn.datasets',
    'mmacnn.inference.inspector',
)
CLASSIFIER = 'resnet/resnet18_8xb32_in1k.py'  # mmpretrain's own
REFERENCE = "mmpretrain's inferencer, ResNet-18"
PROGRAM = """
import sys
config, weights, image = sys.argv[1:]
{}
print('', len(sys.modules), sep='\\n')  # after a progress bar, say
"""
MMPRETRAIN = """
from mmpretrain import ImageClassificationInferencer
inferencer = ImageClassificationInferencer(config, weights, device='cpu')
inferencer(image)[0]['pred_class']
"""
INSPECTOR = """
from mmacnn.inference import Inspector
next(Inspector(config, weights, 'cpu', regions={})(image)).verdict
"""


class Start(NamedTuple):
    """What a process took: CPU and wall seconds, and modules."""

    cpu: float
    seconds: float
    modules: int


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int_at_least(1), default=7)
    add_before(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calls = {
            (name, when): partial(start, program, tree)
            for name, program in programs(folder).items()
            for when, tree in trees(args.before).items()
            if when == 'now' or 'mmacnn' in name or 'Inspector' in name
        }
        found = interleave(calls, args.rounds, 'Starting', warm_up=1)
    print(table(found))


def programs(folder: str) -> dict[str, list[str]]:
    """Name of each program to its code and its arguments."""
    image = str(Path(folder, 'image.png'))
    random = np.random.default_rng(0)
    cv2.imwrite(image, random.integers(0, 256, (480, 640, 3), np.uint8))
    theirs = Path(mmpretrain.__file__).parent / '.mim' / 'configs' / CLASSIFIER
    code = {f'import {name}': (f'import {name}', theirs) for name in IMPORTS}
    code[REFERENCE] = MMPRETRAIN, theirs
    code['Inspector, ResNet-18'] = INSPECTOR.format(None), theirs
    for name, config in METHODS.items():
        regions = [REGION] if name.startswith('ROI mask') else None
        code[f'Inspector, {name}'] = INSPECTOR.format(regions), CONFIGS / config
    weights = {config: random_weights(config, folder) for _, config in code.values()}
    # Ours are those of the tree, which the process runs in.
    return {
        name: [
            PROGRAM.format(lines),
            str(config.relative_to(ROOT) if config.is_relative_to(ROOT) else config),
            weights[config],
            image,
        ]
        for name, (lines, config) in code.items()
    }


def start(program: list[str], tree: Path) -> Start:
    """Run a program in a process of its own, with the package of a tree."""
    environment = dict(os.environ, PYTHONPATH=str(tree), OMP_NUM_THREADS='1')
    before = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', *program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tree,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    if done.returncode:
        raise RuntimeError(f'{program[0]}\n{done.stderr}')
    return Start(
        sum(after[0][:2]) - sum(before[0][:2]),
        after[1] - before[1],
        int(done.stdout.split()[-1]),
    )


def table(found: dict[tuple[str, str], list[Start]]) -> str:
    """Medians of the CPU time, and of the rounds' ratios."""
    reference = found[REFERENCE, 'now']
    has_before = any(when == 'before' for _, when in found)
    rows = []
    for (name, when), starts in found.items():
        if when != 'now':
            continue
        row = [
            name,
            f'{median(one.cpu for one in starts):.2f}',
            f'{median(one.seconds for one in starts):.2f}',
            starts[0].modules,
            ratio(starts, reference),
        ]
        if has_before:
            older = found.get((name, 'before'))
            row += [ratio(older, reference), ratio(older, starts)] if older else '--'
        rows.append(row)
    header = ['', 'CPU s', 'wall s', 'modules', "by mmpretrain's"]
    if has_before:
        header += ["before by mmpretrain's", 'times less']
    return markdown_table(header, rows)


def ratio(these: list[Start], those: list[Start]) -> str:
    ratios = (a.cpu / b.cpu for a, b in zip(these, those, strict=True))
    return f'{median(ratios):.2f}'


if __name__ == '__main__':
    run_tool(main)
