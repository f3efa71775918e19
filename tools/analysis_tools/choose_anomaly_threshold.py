# Copyright (c) mmacnn authors. All rights reserved.
"""Choose the threshold of a trained anomaly detector anew.

On good images that were not trained on, by the share of them that may be reported, or
with --best-f1 where defects are labelled.
"""

import argparse

from mmacnn.apis import choose_anomaly_threshold
from mmacnn.cli import add_cfg_options
from mmacnn.utils import run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file of the model')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('out', help='checkpoint to write; must not exist')
    parser.add_argument(
        '--false-alarm-rate',
        type=float,
        default=0.05,
        metavar='SHARE',
        help='of the good images, 0 to 1 (0.05)',
    )
    parser.add_argument(
        '--best-f1', action='store_true', help='the highest F1, instead of a rate'
    )
    parser.add_argument(
        '--dataloader',
        default='calibration_dataloader',
        metavar='KEY',
        help='key of the config, whose images are scored (calibration_dataloader)',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    print(
        choose_anomaly_threshold(
            args.config,
            args.checkpoint,
            args.out,
            dataloader=args.dataloader,
            max_fpr=args.max_fpr,
            by='best_f1' if args.best_f1 else 'max_fpr',
            cfg_options=args.cfg_options,
        )
    )


if __name__ == '__main__':
    run_tool(main)
