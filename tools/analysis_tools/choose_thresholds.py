# Copyright (c) mmacnn authors. All rights reserved.
"""Choose verdict thresholds for wanted escapes and overkill, or the cheapest ones."""

import argparse

from mmacnn.cli.wishes import add_wish_arguments, wish_of
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'results', help='.pkl or .json of tools/test.py --out, of labelled images'
    )
    add_wish_arguments(parser)
    parser.add_argument(
        '--out', metavar='FILE', help='.yaml file of verdict rules to write'
    )
    parser.add_argument(
        '--per-class',
        action='store_true',
        help='of a detector: a threshold for each class, so that the same fraction of '
        "each class's parts escapes (one for all)",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.results], [args.out])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import choose_thresholds

    found = choose_thresholds(args.results, wish_of(args), args.out, args.per_class)
    for line in found:
        print(line)


if __name__ == '__main__':
    run_tool(main)
