# Copyright (c) mmacnn authors. All rights reserved.
"""Predict on images and draw the results.

A classifier gives the class of the image, a detector a box around each object.
"""

import argparse
import sys

from mmacnn.cli import int_at_least, probability
from mmacnn.inference import describe_results, init_inferencer
from mmacnn.utils import run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Predict on images and draw the results'
    )
    parser.add_argument(
        'inputs', metavar='IMAGE_OR_FOLDER', help='images to predict on'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--weights', required=True, help='checkpoint of the model')
    parser.add_argument(
        '--out-dir',
        default='',
        metavar='DIR',
        help='new or empty folder for the pictures and predictions.json',
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0' (the best there)")
    parser.add_argument('--batch-size', type=int_at_least(1), default=1, metavar='N')
    parser.add_argument(
        '--score-thr',
        type=probability,
        default=0.3,
        metavar='SCORE',
        help="from which score a detector's box counts (0.3)",
    )
    parser.add_argument('--show', action='store_true', help='show each in a window')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    inferencer = init_inferencer(args.config, args.weights, args.device, args.score_thr)
    results = inferencer(
        args.inputs, batch_size=args.batch_size, out_dir=args.out_dir, show=args.show
    )
    print(describe_results(results, args.out_dir))
    if any('error' in result for result in results):
        sys.exit(1)


if __name__ == '__main__':
    run_tool(main)
