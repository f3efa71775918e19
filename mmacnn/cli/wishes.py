# Copyright (c) mmacnn authors. All rights reserved.
"""What a plant wants of escapes and overkill, on the command line."""

import argparse
from typing import TYPE_CHECKING

from mmacnn.utils import InputError

from .arguments import int_at_least, probability

if TYPE_CHECKING:
    from mmacnn.reporting.operating_point import Wish


def add_wish_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; :func:`wish_of` takes them."""
    for name, what in (
        ('--max-escape', 'fraction of the defective parts that may pass'),
        ('--max-overkill', 'fraction of the good parts that may fail'),
        ('--confidence', 'with which both shall hold on other parts (not looked at)'),
        ('--defect-rate', 'fraction of defective parts on the line, for the costs'),
    ):
        parser.add_argument(name, type=probability, metavar='FRACTION', help=what)
    for name in ('escape', 'overkill'):
        parser.add_argument(
            f'--{name}-cost', type=float, metavar='COST', help='of one part'
        )
    parser.add_argument(
        '--parts',
        type=int_at_least(1),
        default=1000,
        metavar='N',
        help='parts of a shift, for the costs (1000)',
    )


def wish_of(args: argparse.Namespace) -> 'Wish | None':
    """The wish; None where nothing is wanted.

    Raises:
        InputError: Only a part of the costs is there, or one is wrong.
    """
    from mmacnn.reporting.operating_point import Costs, Wish

    costs = (args.escape_cost, args.overkill_cost, args.defect_rate)
    known = None
    if any(value is not None for value in costs):
        is_fine = None not in costs and min(costs) >= 0 and 0 < args.defect_rate < 1
        if not is_fine:
            raise InputError(
                'costs: expected --escape-cost and --overkill-cost of at least 0, and '
                'a --defect-rate between 0 and 1'
            )
        known = Costs(*costs, args.parts)
    if args.confidence in (0, 1):
        raise InputError('--confidence: expected one between 0 and 1, such as 0.95')
    rates = args.max_escape, args.max_overkill
    if known is None and rates == (None, None):
        return None
    return Wish(*rates, known, args.confidence)
