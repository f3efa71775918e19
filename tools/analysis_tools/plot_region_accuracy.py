# Copyright (c) mmacnn authors. All rights reserved.
"""Plot the accuracy of regions by their size, for one model or several."""

import argparse

from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', help='picture to write, .png, .svg or .pdf')
    parser.add_argument(
        'results',
        nargs='+',
        help='results of tools/test.py --out, one file for each model',
    )
    parser.add_argument(
        '--names', nargs='+', help="the models' names (by default from the paths)"
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths(args.results)
    # Late: --help and mistakes need not wait for them.
    from mmacnn.reporting.region_accuracy import (
        name_results,
        plot_region_accuracy,
        read_regions,
    )

    names = name_results(args.results, args.names)
    results = {
        name: read_regions(path) for name, path in zip(names, args.results, strict=True)
    }
    plot_region_accuracy(results, args.out)
    print(args.out)


if __name__ == '__main__':
    run_tool(main)
