# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn golden``."""

import argparse

from mmacnn.utils import check_paths

from .arguments import add_region_arguments, probability, regions_of

DESCRIPTION = (
    'Put golden parts into a model folder: images with the results that the checkpoint '
    'gives. The exported model is checked on them, now and before each run. Without '
    'images, check those that the folder has.'
)


def add_golden_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``golden``, which :func:`run_golden` takes."""
    parser.description = DESCRIPTION
    parser.add_argument('folder', metavar='FOLDER', help='of tools/deploy.py')
    parser.add_argument('images', metavar='IMAGE', nargs='*', help='of golden parts')
    parser.add_argument(
        '--model', required=True, metavar='CONFIG', help='config file, or model name'
    )
    parser.add_argument('--weights', help="checkpoint (the model's own, if it has one)")
    parser.add_argument(
        '--score-thr',
        type=probability,
        default=0.3,
        metavar='SCORE',
        help="from which score a detector's box counts (0.3)",
    )
    parser.add_argument(
        '--score-tolerance',
        type=probability,
        default=0.05,
        metavar='SCORE',
        help='how far a score may be off, an anomaly score by this fraction (0.05)',
    )
    parser.add_argument(
        '--pixel-tolerance',
        type=float,
        default=3.0,
        metavar='PX',
        help='how far an edge may be off, in pixels of the image (3)',
    )
    add_region_arguments(parser)


def run_golden(args: argparse.Namespace) -> None:
    """Add or check the golden parts, and say how many there are."""
    check_paths([args.folder, args.weights, *args.images])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis.golden import add_golden
    from mmacnn.inference.inspector import Inspector
    from mmacnn.line.golden import read_golden

    if args.images:
        count = add_golden(
            args.folder,
            args.model,
            args.weights,
            args.images,
            args.score_thr,
            regions_of(args),
            args.score_tolerance,
            args.pixel_tolerance,
        )
    else:
        regions = regions_of(args)
        Inspector(args.model, backend_model=args.folder, regions=regions)
        count = len((read_golden(args.folder) or {}).get('images', ()))
    print(
        f'{args.folder}: {count} golden parts, the exported model gives their results'
    )
