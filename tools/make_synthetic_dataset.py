# Copyright (c) mmacnn authors. All rights reserved.
"""Generate a data set: no download, exact labels, one seed."""

import argparse
import os

from mmacnn.cli import image_size, int_at_least
from mmacnn.synthetic import TASKS, with_turns, write_dataset
from mmacnn.utils import run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument('out', help='folder to make, absent or empty')
    parser.add_argument(
        '--task', choices=list(TASKS), default='product-code', help='what to draw'
    )
    parser.add_argument(
        '--num-train',
        type=int_at_least(1),
        default=1000,
        metavar='N',
        help='images of the train device',
    )
    parser.add_argument(
        '--num-test',
        type=int_at_least(1),
        default=400,
        metavar='N',
        help='images of the test device',
    )
    parser.add_argument(
        '--size',
        type=image_size,
        default=argparse.SUPPRESS,
        metavar='HxW',
        help='image size (default: '
        + ', '.join(f'{t.size[0]}x{t.size[1]} for {name}' for name, t in TASKS.items())
        + ')',
    )
    parser.add_argument(
        '--rotate',
        type=float,
        default=0.0,
        metavar='DEGREES',
        help='largest turn of the camera to either side, 180 is any; product-code '
        'alone, whose labels are oriented boxes then',
    )
    parser.add_argument(
        '--seed',
        type=int_at_least(0),
        default=0,
        help='the same seed makes the same images',
    )
    parser.add_argument(
        '--num-workers',
        type=int_at_least(1),
        default=os.cpu_count(),
        metavar='N',
        help='processes',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    counts = {'train': args.num_train, 'test': args.num_test}
    task = TASKS[args.task]
    if args.rotate:
        task = with_turns(task, args.rotate)
    size = getattr(args, 'size', task.size)
    write_dataset(task, args.out, counts, size, args.seed, args.num_workers)


if __name__ == '__main__':
    run_tool(main)
