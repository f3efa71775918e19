# Copyright (c) mmacnn authors. All rights reserved.
"""Measure how long a large COCO json takes to load as regions, and how much memory."""

import argparse

from mmacnn.apis import run_tool, whole_number
from mmacnn.apis.region_benchmark import measure_region_loading


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--instances',
        type=whole_number(1),
        default=100_000,
        metavar='N',
        help='annotations in the json (%(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    print(measure_region_loading(parse_args().instances))


if __name__ == '__main__':
    run_tool(main)
