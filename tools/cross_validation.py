# Copyright (c) mmacnn authors. All rights reserved.
"""Train and validate on k folds of the training set; mean and spread of the metrics.

Finished folds are not repeated: call it again after an interruption.
"""

import argparse

from mmacnn.cli import add_cfg_options, int_at_least
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--folds', type=int_at_least(2), default=5, help='number of trainings (5)'
    )
    parser.add_argument(
        '--seed',
        type=int_at_least(0),
        default=0,
        help='another one makes other folds (0)',
    )
    parser.add_argument(
        '--work-dir',
        help='folder of the results (default: ./work_dirs/NAME_OF_CONFIG-K-folds)',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import cross_validate, format_folds

    metrics = cross_validate(
        args.config, args.folds, args.work_dir, args.seed, args.cfg_options
    )
    print(format_folds(metrics))


if __name__ == '__main__':
    run_tool(main)
