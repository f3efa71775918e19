# Copyright (c) mmacnn authors. All rights reserved.
"""Write pseudo-labels for self-training: a trained A-CNN boxes images without one."""

import argparse

from mmacnn.cli import add_cfg_options, int_at_least, probability
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='weights that were trained with it')
    parser.add_argument('out', help='new or empty folder for the label files')
    parser.add_argument(
        '--min-score',
        type=probability,
        default=0.9,
        metavar='P',
        help='lowest score of the true class for a pseudo-label',
    )
    parser.add_argument(
        '--show-dir',
        default='',
        metavar='DIR',
        help='new or empty folder for a picture of each prediction',
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0' (the best there)")
    parser.add_argument(
        '--batch-size',
        type=int_at_least(1),
        default=16,
        metavar='N',
        help='images that go through the model together',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config, args.checkpoint], new_folders=[args.out, args.show_dir])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import make_pseudo_labels

    found = make_pseudo_labels(
        args.config,
        args.checkpoint,
        args.out,
        min_score=args.min_score,
        batch_size=args.batch_size,
        device=args.device,
        show_dir=args.show_dir,
        cfg_options=args.cfg_options,
    )
    print(
        f'{args.out}: {found.drawn} boxes as drawn, {found.proposed} proposed, '
        f'{found.undrawn} images without'
    )


if __name__ == '__main__':
    run_tool(main)
