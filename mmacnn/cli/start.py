# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn start``."""

import argparse

from mmacnn.utils import check_paths
from mmacnn.utils.text import printable

from .import_labels import add_source_arguments, add_split_arguments, import_options

# Of mmacnn.apis.start, which takes seconds to import.
METHODS = ('anomaly', 'cam', 'acnn', 'detection', 'roi-mask')
WEIGHTS = 'data/efficientnet-lite0.pth'
DESCRIPTION = (
    'Look at labelled images, say which method fits and why, and write a data set and '
    'a config of your own. SOURCE is never touched.'
)


def add_start_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``start``, which :func:`run_start` takes."""
    parser.description = DESCRIPTION
    parser.add_argument('source', metavar='SOURCE', help='folder, or label file')
    parser.add_argument('out', metavar='OUT', help='new or empty folder')
    parser.add_argument('--method', choices=METHODS, help='(the one that fits)')
    parser.add_argument(
        '--weights', default=WEIGHTS, metavar='FILE', help='(%(default)s)'
    )
    parser.add_argument(
        '--try',
        dest='try_methods',
        action='store_true',
        help='train the two best methods for a few minutes each on a part of the '
        'images, and show them side by side',
    )
    add_source_arguments(parser)
    add_split_arguments(parser)


def run_start(args: argparse.Namespace) -> None:
    """Start and print what was found, chosen and written."""
    check_paths([args.source, args.images], new_folders=[args.out])
    from mmacnn.apis.start import start

    options = import_options(args)
    report = start(args.source, args.out, args.method, args.weights, options)
    for line in report.lines():
        print(printable(line))
    if args.try_methods:
        from mmacnn.apis.start.trial import try_methods

        page = try_methods(report, args.source, args.out, args.weights, options)
        print(f'written: {printable(page)}')
