# Copyright (c) mmacnn authors. All rights reserved.
"""Classify prompt regions of an image, and draw their names on it.

Any number of them: ``--mask a.png b.png --box 10,20,60,40``.
"""

import argparse
import os

from mmacnn.cli import int_at_least
from mmacnn.cli.command_line import add_region_arguments, regions_of
from mmacnn.inference import RegionInferencer
from mmacnn.inference.regions import describe_regions
from mmacnn.utils import run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('image', help='image file')
    parser.add_argument('config', help='config file')
    parser.add_argument('--weights', required=True, help='checkpoint of the model')
    add_region_arguments(parser)
    parser.add_argument(
        '--out-file', default='', metavar='FILE', help='new file for the picture'
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0' (the best there)")
    parser.add_argument('--batch-size', type=int_at_least(1), default=8, metavar='N')
    parser.add_argument('--show', action='store_true', help='show it in a window')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.out_file and os.path.exists(args.out_file):
        raise FileExistsError(f'{args.out_file} exists, name a new file')
    inferencer = RegionInferencer(args.config, args.weights, args.device)
    results = inferencer(
        args.image,
        regions_of(args),
        batch_size=args.batch_size,
        out_file=args.out_file,
        show=args.show,
    )
    print(describe_regions(results))


if __name__ == '__main__':
    run_tool(main)
