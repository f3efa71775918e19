# Copyright (c) mmacnn authors. All rights reserved.
"""Which model inspects, and how, on the command line."""

import argparse
from typing import TYPE_CHECKING

from mmacnn.line.tile_arguments import add_tile_arguments

from .arguments import add_region_arguments, probability, regions_of

if TYPE_CHECKING:
    from mmacnn.inference.inspector import Inspector


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; :func:`open_inspector` takes them, and ``args.model``."""
    parser.add_argument('--weights', help="checkpoint (the model's own, if it has one)")
    parser.add_argument(
        '--backend-model',
        metavar='DIR',
        help='model folder of tools/deploy.py to run instead of the checkpoint',
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0' (the best there)")
    parser.add_argument(
        '--accept',
        nargs='+',
        metavar='CLASS',
        help='classes that pass (the good one; where products are named, all)',
    )
    parser.add_argument(
        '--min-score',
        type=probability,
        metavar='SCORE',
        help='below this score of the class, or of a detection that no surer one '
        'fails, the verdict is "unsure" (0)',
    )
    parser.add_argument(
        '--rules',
        metavar='FILE',
        help="verdict rules, YAML (the model folder's, or else the config's)",
    )
    parser.add_argument(
        '--score-thr',
        type=probability,
        default=0.3,
        metavar='SCORE',
        help="from which score a detector's box counts (0.3)",
    )
    add_tile_arguments(parser)
    parser.add_argument(
        '--fuse-conv-bn',
        action='store_true',
        help='merge convolutions with the normalization behind them, which is faster',
    )
    add_region_arguments(parser)


def open_inspector(args: argparse.Namespace) -> 'Inspector':
    """The Inspector that was asked for.

    Raises:
        OSError, InputError: See there.
    """
    # Late: --help and mistakes need not wait for them.
    from mmacnn.engine.rules import read_rules
    from mmacnn.inference.inspector import Inspector

    return Inspector(
        args.model,
        args.weights,
        args.device,
        args.backend_model,
        accept=args.accept,
        min_score=args.min_score,
        score_thr=args.score_thr,
        tile=args.tile,
        overlap=args.overlap,
        regions=regions_of(args),
        fuse_conv_bn=args.fuse_conv_bn,
        rules=read_rules(args.rules) if args.rules else None,
    )
