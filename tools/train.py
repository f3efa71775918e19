# Copyright (c) mmacnn authors. All rights reserved.
"""Train a model.

Several processes, with and without GPUs:
``torchrun --nproc_per_node 2 tools/train.py CONFIG --launcher pytorch``
"""

import argparse

from mmacnn.cli import add_runner_arguments
from mmacnn.engine.work_dir import require_no_training
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Train a model',
        epilog='MMACNN_TRACEBACK=1 in the environment shows where an error came from.',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='latest',
        metavar='CHECKPOINT',
        help='continue from a checkpoint (default: the latest in the work dir); '
        '"auto" also begins where there is none yet, for schedulers',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='train in automatic mixed precision (bfloat16 on a CPU)',
    )
    parser.add_argument(
        '--no-validate', action='store_true', help='do not evaluate during training'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate to the batch size of all processes together',
    )
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='end with the same weights in every run on the same machine',
    )
    add_runner_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config])
    if args.work_dir and args.resume is None:
        require_no_training(args.work_dir)
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import train

    train(
        args.config,
        work_dir=args.work_dir,
        resume=args.resume,
        amp=args.amp,
        validate=not args.no_validate,
        auto_scale_lr=args.auto_scale_lr,
        launcher=args.launcher,
        cfg_options=args.cfg_options,
        deterministic=args.deterministic,
    )


if __name__ == '__main__':
    run_tool(main)
