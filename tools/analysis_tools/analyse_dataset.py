# Copyright (c) mmacnn authors. All rights reserved.
"""Analyse a data set: count what is in it and list what is wrong.

With YOLO's labels, also recommend a ROI size. A folder with train/good in it, or in its
categories, is analysed as a data set for anomaly detection.

Exit status: 0 if the data are good, 1 if there are problems, 2 if it could not run.
"""

import argparse
import sys
from functools import partial

from mmacnn.cli import image_size
from mmacnn.utils import check_paths, run_tool, track


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\nExit')[0])
    parser.add_argument(
        'data',
        help='folder with images/ and labels/, or with train/ and test/, or of '
        'categories',
    )
    parser.add_argument(
        '--classes',
        nargs='+',
        metavar='NAME',
        help='names of the classes, or one file with a name a line '
        '(default: the classes.txt of the data set)',
    )
    parser.add_argument(
        '--input-size',
        type=image_size,
        metavar='HxW',
        help='size that images are resized to (default: their most common size)',
    )
    parser.add_argument(
        '--multiple',
        choices=('error', 'largest'),
        default='error',
        help='what to do about more than one label on an image (default: %(default)s)',
    )
    parser.add_argument(
        '--out-dir', help='new or empty folder for report.txt and report.png'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.data], new_folders=[args.out_dir])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.datasets.analysis.anomaly import (
        format_category_reports,
        has_categories,
        inspect_categories,
        save_category_reports,
    )
    from mmacnn.datasets.analysis.yolo import analyse_dataset
    from mmacnn.datasets.analysis.yolo_report import format_report, save_report

    progress = partial(track, what='Inspecting')
    if has_categories(args.data):
        reports = inspect_categories(args.data, progress)
        print(format_category_reports(reports))
        if args.out_dir:
            print('Written:', save_category_reports(reports, args.out_dir))
        sys.exit(int(any(report.problems for report in reports)))
    report = analyse_dataset(
        args.data,
        args.classes,
        args.input_size,
        args.multiple,
        progress=progress,
    )
    print(format_report(report))
    if args.out_dir:
        print('Written:', *save_report(report, args.out_dir))
    if report.problems:
        sys.exit(1)


if __name__ == '__main__':
    run_tool(main)
