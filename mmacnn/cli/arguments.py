# Copyright (c) mmacnn authors. All rights reserved.
"""The command-line arguments that tools share."""

import argparse
import math
import os
import re
from collections.abc import Callable

from mmengine.config import DictAction

from mmacnn.utils.text import short


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add OpenMMLab's ``--work-dir``, ``--launcher`` and ``--cfg-options``."""
    parser.add_argument(
        '--work-dir',
        help="folder of logs and checkpoints (the config's work_dir, or else "
        './work_dirs/NAME_OF_CONFIG)',
    )
    add_cfg_options(parser)
    add_launcher(parser)


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add OpenMMLab's ``--launcher``."""
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes: pytorch for torchrun (none)',
    )
    # torch.distributed.launch, which `mim train` calls, passes this to each process.
    parser.add_argument(
        '--local_rank', '--local-rank', type=_set_local_rank, help=argparse.SUPPRESS
    )


def add_region_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--mask``, ``--box`` and ``--polygon``, which :func:`regions_of` takes."""
    several = dict(nargs='+', action='extend', default=[])
    parser.add_argument(
        '--mask',
        **several,
        metavar='FILE',
        help="picture of the image's size, 0 but on the region",
    )
    parser.add_argument(
        '--box',
        **several,
        type=numbers,
        metavar='X,Y,W,H',
        help='left, top, width and height in pixels',
    )
    parser.add_argument(
        '--polygon',
        **several,
        type=numbers,
        metavar='X,Y,X,Y,X,Y',
        help='corners in pixels',
    )


def regions_of(args: argparse.Namespace) -> list:
    """The regions that the user named, masks first."""
    from mmacnn.inference.regions import box_region

    return [*args.mask, *map(box_region, args.box), *([p] for p in args.polygon)]


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add OpenMMLab's ``--cfg-options``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        type=_key_value,
        action=DictAction,
        metavar='KEY=VALUE',
        help='override settings of the config: model.backbone.depth=18 '
        'key="[a,b]" key="[(a,b),(c,d)]", without spaces',
    )


def image_size(text: str) -> tuple[int, int]:
    """Parse ``HEIGHTxWIDTH``, a ``type`` for argparse."""
    match = re.fullmatch(r'([1-9][0-9]{0,8})x([1-9][0-9]{0,8})', text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f'found {short(text)}, expected HEIGHTxWIDTH in pixels, such as 480x640'
        )
    return int(match[1]), int(match[2])


def int_at_least(lowest: int) -> Callable[[str], int]:
    """Make a ``type`` for argparse: whole numbers of at least ``lowest``."""

    def parse(text: str) -> int:
        if not re.fullmatch(r'[0-9]{1,18}', text) or int(text) < lowest:
            raise argparse.ArgumentTypeError(
                f'found {short(text)}, expected a whole number of at least {lowest}'
            )
        return int(text)

    return parse


def probability(text: str) -> float:
    """Parse a number from 0 to 1, a ``type`` for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = float('nan')
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(
            f'found {short(text)}, expected a number from 0 to 1'
        )
    return value


def numbers(text: str) -> list[float]:
    """Parse numbers with commas between them, a ``type`` for argparse."""
    try:
        values = [float(part) for part in text.split(',')]
    except ValueError:
        values = [float('nan')]
    if not all(map(math.isfinite, values)):
        raise argparse.ArgumentTypeError(
            f'found {short(text)}, expected numbers with commas between them'
        )
    return values


def _key_value(text: str) -> str:
    _, sign, value = text.partition('=')
    if not sign:
        raise argparse.ArgumentTypeError(f'expected KEY=VALUE, found {short(text)}')
    try:
        DictAction._parse_iterable(value)
    except (AssertionError, RecursionError) as error:
        # mmengine's parser calls itself without end on `f(a,b)`.
        raise argparse.ArgumentTypeError(
            f'found {short(text)}, expected brackets round a whole value, such as '
            '"[a,b]" or "[(a,b),(c,d)]"'
        ) from error
    return text


def _set_local_rank(text: str) -> int:
    """Where mmengine looks for the rank."""
    return int(os.environ.setdefault('LOCAL_RANK', text))
