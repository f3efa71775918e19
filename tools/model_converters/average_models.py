# Copyright (c) mmacnn authors. All rights reserved.
"""Average the weights of two checkpoints of one model, the second fine-tuned."""

import argparse

from mmacnn.utils import atomic_write, check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('first', help='checkpoint')
    parser.add_argument('second', help='checkpoint that was trained on from the first')
    parser.add_argument('dst', help='file to write; must not exist')
    parser.add_argument(
        '--weight', type=float, default=0.5, help='of the second, from 0 to 1 (0.5)'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.first, args.second], [args.dst])
    # Late: --help and mistakes need not wait for them.
    from mmengine.runner import save_checkpoint

    from mmacnn.converters import average_checkpoints, publish_checkpoint
    from mmacnn.engine.checkpoint import load_checkpoint

    first, second = map(load_checkpoint, (args.first, args.second))
    averaged = average_checkpoints(first, second, args.weight)
    with atomic_write(args.dst) as path:
        save_checkpoint(publish_checkpoint(averaged), path)


if __name__ == '__main__':
    run_tool(main)
