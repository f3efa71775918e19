# Copyright (c) mmacnn authors. All rights reserved.
"""Convert wafer maps to images in MVTec AD's folders, for anomaly detection."""

import argparse

from mmacnn.cli import int_at_least, probability
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='docs/en/data_formats.md says what is read and written.',
    )
    parser.add_argument(
        'source', help=".npz file (MixedWM38's or your own), or folder of .npy files"
    )
    parser.add_argument('out', help='new or empty folder')
    parser.add_argument(
        '--labels',
        metavar='CSV',
        help='columns name, label and perhaps split and lot (MixedWM38: not needed)',
    )
    parser.add_argument(
        '--good', default='none', help='label of a good wafer (%(default)s)'
    )
    parser.add_argument(
        '--test-fraction',
        type=probability,
        default=0.2,
        help='fraction of the good wafers to test on, where no split is given (0.2)',
    )
    parser.add_argument(
        '--failed',
        nargs='+',
        type=int,
        default=[2],
        metavar='NUMBER',
        help='numbers of a failed die; 0 is no die, 1 a good one (2)',
    )
    parser.add_argument(
        '--at-most',
        type=int_at_least(1),
        metavar='N',
        help='largest number of images in a folder (default: all)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.source, args.labels], new_folders=[args.out])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.converters import convert_wafers

    counts = convert_wafers(**vars(args))
    for folder, count in counts.items():
        print(f'{folder}: {count}')


if __name__ == '__main__':
    run_tool(main)
