# Copyright (c) mmacnn authors. All rights reserved.
"""The command-line arguments that tools/train.py and tools/test.py share."""

import argparse
import os

from mmengine.config import DictAction


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add OpenMMLab's ``--work-dir``, ``--launcher`` and ``--cfg-options``."""
    parser.add_argument(
        '--work-dir',
        help="folder of logs and checkpoints (the config's work_dir, or else "
        './work_dirs/NAME_OF_CONFIG)',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes: pytorch for torchrun (none)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        type=_key_value,
        action=DictAction,
        metavar='KEY=VALUE',
        help='override settings of the config: model.backbone.depth=18 '
        'key="[a,b]" key="[(a,b),(c,d)]", without spaces',
    )
    # torch.distributed.launch, which `mim train` calls, passes this to each process.
    parser.add_argument(
        '--local_rank', '--local-rank', type=_set_local_rank, help=argparse.SUPPRESS
    )


def _key_value(text: str) -> str:
    if not text.partition('=')[1]:
        raise argparse.ArgumentTypeError(f'expected KEY=VALUE, found {text!r}')
    return text


def _set_local_rank(text: str) -> int:
    """Where mmengine looks for the rank."""
    return int(os.environ.setdefault('LOCAL_RANK', text))
