# Copyright (c) mmacnn authors. All rights reserved.
"""Show the test results of a model, or of several side by side, in one HTML file.

Either give a config and a checkpoint, which are tested now:
  report.py CONFIG CHECKPOINT --out report.html
or results that tools/test.py --out wrote:
  report.py a.pkl b.pkl --out report.html
"""

import argparse

from mmacnn.cli import add_runner_arguments
from mmacnn.cli.wishes import add_wish_arguments, wish_of
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'sources',
        nargs='+',
        metavar='SOURCE',
        help='config and checkpoint, or .pkl and .json results; heat maps are only '
        'in .pkl. A .pkl with anything but plain values and arrays is refused',
    )
    parser.add_argument(
        '--out', required=True, metavar='FILE', help='.html file to write; must be new'
    )
    parser.add_argument(
        '--names', nargs='+', metavar='NAME', help="names of the runs (the files')"
    )
    parser.add_argument('--title', default='Test report', help='heading (%(default)s)')
    parser.add_argument(
        '--benchmark',
        metavar='FILE',
        help='benchmark.json of tools/analysis_tools/benchmark.py, for its times',
    )
    add_wish_arguments(parser)
    add_runner_arguments(parser)
    args = parser.parse_args()
    if args.names and len(args.names) != len(set(args.names)):
        parser.error(f'--names: expected different names, found {args.names}')
    return args


def main() -> None:
    args = parse_args()
    check_paths([*args.sources, args.benchmark], [args.out])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import report

    warnings = report(
        args.sources,
        args.out,
        names=args.names,
        title=args.title,
        benchmark=args.benchmark,
        work_dir=args.work_dir,
        launcher=args.launcher,
        cfg_options=args.cfg_options,
        wish=wish_of(args),
    )
    for warning in warnings:
        print(f'warning: {warning}')
    print(f'Written: {args.out}')


if __name__ == '__main__':
    run_tool(main)
