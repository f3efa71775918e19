# Copyright (c) mmacnn authors. All rights reserved.
"""Reduce a training checkpoint to its weights and class names."""

import argparse
import os

from mmacnn.utils import atomic_write, check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('src', help='checkpoint of a training')
    parser.add_argument('dst', help='file to write; must not exist')
    parser.add_argument('--half', action='store_true', help='store weights as float16')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.src], [args.dst])
    # Late: --help and mistakes need not wait for them.
    from mmengine.runner import save_checkpoint

    from mmacnn.converters import publish_checkpoint
    from mmacnn.engine.checkpoint import load_checkpoint

    published = publish_checkpoint(load_checkpoint(args.src), args.half)
    with atomic_write(args.dst) as path:
        save_checkpoint(published, path)
    print(f'{args.dst}: {os.path.getsize(args.dst) / 1e6:.2f} MB')


if __name__ == '__main__':
    run_tool(main)
