# Copyright (c) mmacnn authors. All rights reserved.
"""The options of tiles, in ``inspect``, ``tools/test.py`` and the board's runner."""

from .tiles import MAX_OVERLAP, MIN_TILE


def side(text):
    """Side of a tile, a ``type`` for argparse."""
    value = int(text)
    if value < MIN_TILE:
        raise ValueError
    return value


def overlap(text):
    """Fraction of a tile, a ``type`` for argparse."""
    value = float(text)
    if not 0 <= value <= MAX_OVERLAP:
        raise ValueError
    return value


def add_tile_arguments(parser):
    """Add ``--tile`` and ``--overlap``.

    Args:
        parser (argparse.ArgumentParser): of a command that inspects.
    """
    parser.add_argument(
        '--tile',
        type=side,
        metavar='PIXELS',
        help='side of the tiles in which larger images are looked at, 32 or more: as '
        'large as the images that the model learned from (whole images)',
    )
    parser.add_argument(
        '--overlap',
        type=overlap,
        default=0.2,
        metavar='FRACTION',
        help='of a tile that its neighbour shows too, 0 to 0.9: more than the largest '
        'object (0.2)',
    )
