# Copyright (c) mmacnn authors. All rights reserved.
"""Choose the threshold of a trained anomaly detector anew.

On good images, by the fraction of them that may be reported, or with --best-f1 where
defects are labelled.
"""

import argparse

from mmacnn.cli import add_cfg_options
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file of the model')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('out', help='checkpoint to write; must not exist')
    parser.add_argument(
        '--max-fpr',
        type=float,
        default=0.05,
        metavar='RATE',
        help='fraction of good images that may be reported, 0 to 1 (0.05)',
    )
    parser.add_argument(
        '--confidence',
        type=float,
        metavar='C',
        help='with which the rate shall hold, 0 to 1; left out, it is the expected one',
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
    check_paths([args.config, args.checkpoint], [args.out])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import choose_anomaly_threshold

    print(
        choose_anomaly_threshold(
            args.config,
            args.checkpoint,
            args.out,
            dataloader=args.dataloader,
            max_fpr=args.max_fpr,
            confidence=args.confidence,
            by='best_f1' if args.best_f1 else 'max_fpr',
            cfg_options=args.cfg_options,
        )
    )


if __name__ == '__main__':
    run_tool(main)
