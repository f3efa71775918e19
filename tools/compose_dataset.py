# Copyright (c) mmacnn authors. All rights reserved.
"""From a few labelled photographs to a training set: cut objects out and paste them."""

import argparse
import os

from mmacnn.cli import image_size, int_at_least
from mmacnn.cli.import_labels import add_source_arguments, import_options
from mmacnn.utils import check_paths, run_tool
from mmacnn.utils.text import printable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'source', metavar='SOURCE', help='labelled photographs, of any known layout'
    )
    parser.add_argument('out', metavar='OUT', help='new or empty folder')
    parser.add_argument(
        '--to',
        choices=['yolo', 'yolo-obb', 'coco'],
        default='yolo',
        help='layout to write: upright boxes, oriented ones, or COCO json (yolo)',
    )
    parser.add_argument(
        '--num-train',
        type=int_at_least(1),
        metavar='N',
        default=1000,
        help='images to train on (1000)',
    )
    parser.add_argument(
        '--num-val',
        type=int_at_least(0),
        metavar='N',
        default=0,
        help='images for validation, of photographs that are not used to train (0)',
    )
    parser.add_argument(
        '--size',
        type=image_size,
        metavar='HxW',
        help="image size (the photographs' most common one)",
    )
    least_most = dict(nargs=2, metavar=('LEAST', 'MOST'))
    parser.add_argument(
        '--objects',
        **least_most,
        type=int_at_least(0),
        default=(1, 1),
        help='objects an image, each number equally often (1 1)',
    )
    parser.add_argument(
        '--decoys',
        **least_most,
        type=int_at_least(0),
        default=(0, 2),
        help='pieces of background an image, pasted in the same way (0 2)',
    )
    parser.add_argument(
        '--backgrounds',
        metavar='DIR',
        help='images without objects to paste on (the photographs, objects removed)',
    )
    parser.add_argument(
        '--grabcut',
        action='store_true',
        help='find the outlines of objects that have a box alone, by their colour',
    )
    number = dict(type=float, metavar='X')
    parser.add_argument(
        '--rotate',
        type=float,
        metavar='DEGREES',
        default=15.0,
        help='largest turn to either side, 180 is any (15)',
    )
    parser.add_argument(
        '--scale-range',
        **least_most,
        type=float,
        default=(0.8, 1.25),
        help="factor of an object's size (0.8 1.25)",
    )
    parser.add_argument(
        '--max-overlap',
        **number,
        default=0.0,
        help='fraction of an object that another may hide (0)',
    )
    for name, default in (('brightness', 0.2), ('gamma', 0.15)):
        parser.add_argument(
            f'--{name}',
            **number,
            default=default,
            help=f'largest relative change, of objects and images ({default})',
        )
    parser.add_argument(
        '--blur', **number, default=0.8, help='largest sigma in pixels (0.8)'
    )
    parser.add_argument(
        '--jpeg',
        **least_most,
        type=int_at_least(1),
        default=(60, 95),
        help='quality of the files (60 95)',
    )
    parser.add_argument(
        '--seed',
        type=int_at_least(0),
        default=0,
        help='the same seed makes the same images (0)',
    )
    parser.add_argument(
        '--num-workers',
        type=int_at_least(1),
        default=os.cpu_count(),
        metavar='N',
        help='processes (all cores)',
    )
    parser.add_argument(
        '--part-pattern',
        metavar='REGEX',
        help='what in a path names the part that a photograph shows; all of a part '
        'are in one split',
    )
    add_source_arguments(parser.add_argument_group('what is said of SOURCE'))
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    paths = [args.source, args.images, args.backgrounds]
    check_paths(paths, new_folders=[args.out])
    from mmacnn.converters.composing import ComposeOptions

    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in vars(args).items()
        if key in ComposeOptions.__dataclass_fields__
    }
    options = ComposeOptions(**values)
    # Late, since it takes seconds.
    from mmacnn.converters.composing import compose_dataset

    report = compose_dataset(
        args.source,
        args.out,
        {'train': args.num_train, 'val': args.num_val},
        options,
        import_options(args),
        args.backgrounds,
        args.num_workers,
    )
    for line in report.lines():
        print(printable(line))
    print(f'written: {args.out}')


if __name__ == '__main__':
    run_tool(main)
