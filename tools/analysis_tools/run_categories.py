# Copyright (c) mmacnn authors. All rights reserved.
"""Train and test a model for each category of a data set, such as MVTec AD.

Finished categories are not repeated: call it again after an interruption.

Exit status: 0 if all went well, 1 if a category failed, 2 if it could not run.
"""

import argparse
import sys

from mmacnn.cli import add_cfg_options
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--categories',
        nargs='+',
        metavar='NAME',
        help='names of their folders (default: all in the data_root of the config)',
    )
    parser.add_argument(
        '--work-dir',
        help='folder of the results (default: ./work_dirs/NAME_OF_CONFIG)',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import format_categories, run_categories

    results = run_categories(
        args.config, args.categories, args.work_dir, args.cfg_options
    )
    print(format_categories(results))
    if results.errors:
        sys.exit(1)


if __name__ == '__main__':
    run_tool(main)
