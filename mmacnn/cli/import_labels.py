# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn import``, which is also a tool of its own."""

import argparse
from typing import TYPE_CHECKING

from mmacnn.utils import check_paths
from mmacnn.utils.text import printable

from .arguments import int_at_least, probability

if TYPE_CHECKING:
    from mmacnn.converters.labels.importer import ImportOptions

# Of mmacnn.converters.labels, which takes seconds to import.
FORMATS = (
    'coco',
    'label_studio',
    'labelme',
    'cvat',
    'voc',
    'deeppcb',
    'yolo',
    'csv',
    'folders',
)
TARGETS = ('yolo-roi', 'coco', 'class-folders', 'anomaly', 'regions')
DESCRIPTION = (
    'Recognise the labels of another tool and write what our data sets read. SOURCE is '
    'never touched.'
)


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``import``, which :func:`run_import` takes."""
    parser.description = DESCRIPTION
    parser.add_argument('source', metavar='SOURCE', help='folder, or label file')
    parser.add_argument(
        'out', metavar='OUT', nargs='?', help='new or empty folder (not with --dry-run)'
    )
    parser.add_argument('--to', required=True, choices=TARGETS)
    parser.add_argument(
        '--dry-run', action='store_true', help='say what would be done, write nothing'
    )
    add_source_arguments(parser)
    add_split_arguments(parser)
    parser.add_argument(
        '--link', action='store_true', help='hard links to the images, not copies'
    )


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be said of SOURCE; :func:`import_options` reads it."""
    parser.add_argument(
        '--format', choices=FORMATS, help='of SOURCE, where it is not recognised'
    )
    parser.add_argument('--images', metavar='DIR', help='where the images are (SOURCE)')
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='all classes in their order'
    )
    parser.add_argument('--good', metavar='NAME', help='class of good images')
    parser.add_argument(
        '--largest', action='store_true', help='keep the largest object (yolo-roi)'
    )
    parser.add_argument(
        '--unlabelled',
        choices=['skip', 'background'],
        default='skip',
        help='images without a label: leave out, or take as without objects (skip)',
    )
    parser.add_argument(
        '--skip-missing', action='store_true', help='leave out labels of absent images'
    )
    parser.add_argument(
        '--coco-boxes',
        choices=['xywh', 'xyxy'],
        default='xywh',
        help='what the numbers of a bbox are (xywh)',
    )
    parser.add_argument(
        '--first-pixel',
        type=int,
        choices=[0, 1],
        help='its number in VOC xml (1, or 0 where a coordinate is 0 or a fraction)',
    )
    parser.add_argument(
        '--rescale-labels',
        action='store_true',
        help='scale labels to images that were made smaller or larger since',
    )


def add_split_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that say what becomes of the images; ``ImportOptions`` has them."""
    parser.add_argument('--merge', metavar='NAME', help='one class for all defects')
    for split, fraction in (('val', 0.15), ('test', 0.2)):
        parser.add_argument(
            f'--{split}-fraction',
            type=probability,
            default=0.0,
            help=f'fraction of the training images for {split}'
            f' (0; `start`, where there is no {split}, {fraction})',
        )
    parser.add_argument(
        '--limit',
        type=int_at_least(1),
        metavar='N',
        help='keep at most so many training images, of each class alike (all)',
    )
    parser.add_argument(
        '--seed', type=int_at_least(0), default=0, help='chooses which images (0)'
    )
    parser.add_argument(
        '--part-pattern',
        metavar='REGEX',
        help='what in a path names the part that an image shows; all images of a part '
        'get one split (a name without its last number, if it has another one)',
    )


def import_options(args: argparse.Namespace) -> 'ImportOptions':
    """The arguments of the two functions above as options."""
    from mmacnn.converters.labels.importer import ImportOptions

    values = vars(args)
    return ImportOptions(
        **{k: values[k] for k in ImportOptions.__dataclass_fields__ if k in values}
    )


def run_import(args: argparse.Namespace) -> None:
    """Import and print what was found, changed and written."""
    if args.out is None and not args.dry_run:
        raise SystemExit('error: found no OUT, expected a new folder, or --dry-run')
    check_paths([args.source, args.images], new_folders=[args.out])
    from mmacnn.converters.labels.importer import import_labels

    out = None if args.dry_run else args.out
    report = import_labels(args.source, out, args.to, import_options(args))
    for line in report.lines():
        print(printable(line))
    print(f'written: {args.out}' if out else 'written: nothing (--dry-run)')
