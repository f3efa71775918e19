# Copyright (c) mmacnn authors. All rights reserved.
"""Choose the map threshold of a CAM classifier.

On images with masks, by the highest Dice; or with --max-fpr on good images, by the
fraction of them that may be marked anywhere.
"""

import argparse

from mmacnn.cli import add_cfg_options
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='weights that were trained with it')
    parser.add_argument('out', help='config file to write; must not exist')
    parser.add_argument(
        '--max-fpr',
        type=float,
        metavar='RATE',
        help='fraction of good images that may be marked, 0 to 1; needs no masks',
    )
    parser.add_argument(
        '--confidence',
        type=float,
        metavar='C',
        help='with which the rate shall hold, 0 to 1; left out, it is the expected one',
    )
    parser.add_argument(
        '--dataloader',
        default='val_dataloader',
        choices=['val_dataloader', 'test_dataloader'],
        help='key of the config, whose images it is chosen on (%(default)s)',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config, args.checkpoint], [args.out])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import choose_map_threshold

    print(
        choose_map_threshold(
            args.config,
            args.checkpoint,
            args.out,
            max_fpr=args.max_fpr,
            confidence=args.confidence,
            dataloader=args.dataloader,
            cfg_options=args.cfg_options,
        )
    )


if __name__ == '__main__':
    run_tool(main)
