# Copyright (c) mmacnn authors. All rights reserved.
"""Choose the map threshold of a CAM classifier, on images with masks."""

import argparse

from mmacnn.cli import add_cfg_options
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='weights that were trained with it')
    parser.add_argument('out', help='config file to write; must not exist')
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

    threshold, dice = choose_map_threshold(
        args.config,
        args.checkpoint,
        args.out,
        dataloader=args.dataloader,
        cfg_options=args.cfg_options,
    )
    print(f'{args.out}: threshold {threshold:.4g}, Dice {dice:.1f} %')


if __name__ == '__main__':
    run_tool(main)
