# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn analyse``, which is also a tool of its own."""

import argparse
import sys
from functools import partial

from mmacnn.utils import InputError, check_paths, track

from .arguments import image_size
from .import_labels import add_source_arguments, import_options

DESCRIPTION = (
    'Count what is in a data set of any layout, and list what is odd or wrong: images, '
    'classes, sizes, depths, sharpness, brightness, images that come twice. With '
    "YOLO's labels of one object, also recommend a ROI size. Exit status: 0 if the "
    'data are good, 1 if there are problems, 2 if it could not run.'
)


def add_analyse_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``analyse``, which :func:`run_analysis` takes."""
    parser.description = DESCRIPTION
    parser.add_argument(
        'data', metavar='DATA', help='folder, label file, or folder of categories'
    )
    parser.add_argument(
        '--out-dir',
        metavar='DIR',
        help='new or empty folder for report.txt, report.json and report.png',
    )
    parser.add_argument(
        '--html',
        action='store_true',
        help='write report.html too: figures and small pictures on one page',
    )
    parser.add_argument(
        '--input-size',
        type=image_size,
        metavar='HxW',
        help='size that images are resized to, for the ROI (their most common size)',
    )
    add_source_arguments(parser)


def run_analysis(args: argparse.Namespace) -> None:
    """Analyse, print what was found, and write it.

    Raises:
        SystemExit: Status 1 if there are problems.
        InputError: The page is asked for without a folder.
    """
    if args.html and not args.out_dir:
        raise InputError('--html: found no --out-dir, expected the folder for the page')
    check_paths([args.data, args.images], new_folders=[args.out_dir])
    from mmacnn.apis.analysis import analyse

    report = analyse(
        args.data,
        import_options(args),
        args.input_size,
        partial(track, what='Reading images'),
    )
    print(report.text())
    if args.out_dir:
        print('Written:', *report.save(args.out_dir, args.html))
    if report.has_problems:
        sys.exit(1)
