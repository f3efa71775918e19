# Copyright (c) mmacnn authors. All rights reserved.
"""From a checkpoint of somebody else's to one of ours, as a tool does it."""

import argparse
import logging
import os
from collections.abc import Callable

from mmengine.runner import save_checkpoint

from mmacnn.engine.checkpoint import load_checkpoint
from mmacnn.utils import InputError, atomic_write


def run_conversion(
    convert: Callable[[dict], dict],
    description: str,
    source: str,
    load: Callable[[str], dict] = load_checkpoint,
) -> None:
    """Read the names of two files from the command line, convert the one to the other.

    Args:
        convert: Takes the checkpoint, returns the weights; a ``ValueError`` of it gets
            the file's name in front.
        description: What the tool does, for its help.
        source: What it converts, for its help.
        load: Reads the file, where it is no checkpoint of PyTorch.

    Raises:
        FileExistsError: The file to write is there.
        FileNotFoundError, InputError: The checkpoint is not there, or not of this kind.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('src', help=source)
    parser.add_argument('dst', help='file to write; must not exist')
    args = parser.parse_args()
    if os.path.exists(args.dst):
        raise FileExistsError(f'{args.dst} exists, name a new file')
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    checkpoint = load(args.src)
    try:
        weights = convert(checkpoint)
    except ValueError as error:
        raise InputError(f'{args.src}: {error}') from error
    with atomic_write(args.dst) as path:
        save_checkpoint(dict(state_dict=weights), path)
    print(f'{args.dst}: {os.path.getsize(args.dst) / 1e6:.2f} MB')
