# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn label-next``."""

import argparse
from typing import TYPE_CHECKING

from mmacnn.utils import check_paths
from mmacnn.utils.text import plain_table, printable

from .arguments import add_region_arguments, int_at_least, probability, regions_of

if TYPE_CHECKING:
    from mmacnn.apis.label_next import LabelNext

LISTED = 20  # Rows of the table that are printed.
DESCRIPTION = (
    'Find the images that are most worth labelling: those that a model is least sure '
    'of and that are most unlike the labelled ones, and one another.'
)


def add_label_next_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``label-next``, which :func:`run_label_next` takes."""
    parser.description = DESCRIPTION
    parser.add_argument('config', metavar='CONFIG', help='config file, or model name')
    parser.add_argument('weights', metavar='WEIGHTS', help='checkpoint')
    parser.add_argument(
        'folder', metavar='FOLDER', help='images without labels, in it and below it'
    )
    parser.add_argument(
        '--count', type=int_at_least(1), default=50, metavar='N', help='(%(default)s)'
    )
    parser.add_argument(
        '--labelled',
        nargs='+',
        action='extend',
        default=[],
        metavar='DIR',
        help='folders of images that have labels, such as the training images',
    )
    parser.add_argument(
        '--out',
        required=True,
        metavar='DIR',
        help='new or empty folder for next.csv and images/, links in order of rank',
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0' (the best there)")
    parser.add_argument(
        '--score-thr',
        type=probability,
        default=0.3,
        metavar='SCORE',
        help="from which score a detector's box counts (0.3)",
    )
    add_region_arguments(parser)


def run_label_next(args: argparse.Namespace) -> None:
    """Choose, write, and print the first of the images."""
    check_paths([args.weights, args.folder, *args.labelled], new_folders=[args.out])
    from mmacnn.apis.label_next import label_next

    found = label_next(
        args.config,
        args.weights,
        args.folder,
        args.out,
        args.count,
        args.labelled,
        args.device,
        args.score_thr,
        regions_of(args),
    )
    for line in _lines(found, args.out):
        print(line)


def _lines(found: 'LabelNext', out: str) -> list[str]:
    rows = [
        (
            printable(each.path),
            number,
            f'{each.uncertainty:.2f}',
            '' if each.distance is None else f'{each.distance:.2f}',
            printable(each.prediction),
        )
        for number, each in enumerate(found.proposals[:LISTED], start=1)
    ]
    header = ('image', 'rank', 'uncertainty', 'distance', 'prediction')
    lines = [plain_table(header, rows)]
    if len(found.proposals) > LISTED:
        lines.append(f'... {len(found.proposals)} in all')
    lines.append(
        f'{len(found.proposals)} of {found.num_images} images, compared with '
        f'{found.num_labelled} labelled ones'
    )
    if found.errors:
        lines.append(f'{len(found.errors)} left out, the first: {found.errors[0]}')
    return [*lines, f'next.csv and images: {out}']
