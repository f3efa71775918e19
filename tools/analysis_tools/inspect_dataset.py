# Copyright (c) mmacnn authors. All rights reserved.
"""Show what is in a YOLO-labelled data set, what is wrong, and which ROI size fits.

Exit status: 0 if the data are good, 1 if there are problems, 2 if it could not run.
"""

import argparse
import sys
from functools import partial

from mmengine.utils import track_iter_progress

from mmacnn.datasets.inspection import inspect_dataset
from mmacnn.datasets.inspection_report import check_out_dir, format_report, save_report


def size(text: str) -> tuple[int, int]:
    """Parse ``HxW``."""
    height, _, width = text.partition('x')
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(
            f'found {text!r}, expected HEIGHTxWIDTH in pixels, such as 480x640'
        )
    return int(height), int(width)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument(
        'data', help='folder with images/ and labels/, or with train/ and test/'
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
        type=size,
        metavar='HxW',
        help='size that images are resized to (default: their most common size)',
    )
    parser.add_argument(
        '--multiple',
        choices=('error', 'largest'),
        default='error',
        help='what to do about more than one label on an image (default: %(default)s)',
    )
    parser.add_argument('--out-dir', help='also write report.txt and report.png here')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    try:
        if args.out_dir:
            check_out_dir(args.out_dir)
        report = inspect_dataset(
            args.data,
            args.classes,
            args.input_size,
            args.multiple,
            progress=partial(track_iter_progress, file=sys.stderr),
        )
        print(format_report(report))
        if args.out_dir:
            print('Written:', *save_report(report, args.out_dir))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if report.problems else 0


if __name__ == '__main__':
    sys.exit(main())
