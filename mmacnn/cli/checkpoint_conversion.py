# Copyright (c) mmacnn authors. All rights reserved.
"""From a checkpoint of somebody else's to one of ours, as a tool does it."""

import argparse
import logging
import os

from mmacnn.utils import InputError, atomic_write, check_paths


def run_conversion(
    convert: str, description: str, source: str, load: str | None = None
) -> None:
    """Read the names of two files from the command line, convert the one to the other.

    Args:
        convert: Name of a function of ``mmacnn.converters`` that takes the checkpoint
            and returns the weights; a ``ValueError`` of it gets the file's name in
            front.
        description: What the tool does, for its help.
        source: What it converts, for its help.
        load: Name of a function there that reads the file, where it is no checkpoint
            of PyTorch.

    Raises:
        FileExistsError: The file to write is there.
        FileNotFoundError, InputError: The checkpoint is not there, or not of this kind.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('src', help=source)
    parser.add_argument('dst', help='file to write; must not exist')
    args = parser.parse_args()
    check_paths([args.src], [args.dst])
    # Late: --help and mistakes need not wait for them.
    from mmengine.runner import save_checkpoint

    from mmacnn import converters
    from mmacnn.engine.checkpoint import load_checkpoint

    logging.basicConfig(level=logging.INFO, format='%(message)s')
    read = getattr(converters, load) if load else load_checkpoint
    checkpoint = read(args.src)
    try:
        weights = getattr(converters, convert)(checkpoint)
    except ValueError as error:
        raise InputError(f'{args.src}: {error}') from error
    with atomic_write(args.dst) as path:
        save_checkpoint(dict(state_dict=weights), path)
    print(f'{args.dst}: {os.path.getsize(args.dst) / 1e6:.2f} MB')
