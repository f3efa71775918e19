# Copyright (c) mmacnn authors. All rights reserved.
"""Test a checkpoint, or a model exported from it, on its config's test set."""

import argparse

from mmacnn.cli import add_runner_arguments
from mmacnn.line.tile_arguments import add_tile_arguments
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Test a model',
        epilog='MMACNN_TRACEBACK=1 in the environment shows where an error came from.',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint', nargs='?', help='weights; left out with --backend-model'
    )
    parser.add_argument(
        '--backend-model',
        metavar='DIR',
        help='model folder of tools/deploy.py, to test instead of a checkpoint',
    )
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='new .json or .pkl file for the metrics and the prediction of each image',
    )
    parser.add_argument(
        '--show-dir',
        metavar='DIR',
        help='new or empty folder for a picture of each prediction',
    )
    add_tile_arguments(parser)
    add_runner_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths(
        [args.config, args.checkpoint, args.backend_model], [args.out], [args.show_dir]
    )
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import test

    test(
        args.config,
        args.checkpoint,
        work_dir=args.work_dir,
        out=args.out,
        show_dir=args.show_dir,
        launcher=args.launcher,
        cfg_options=args.cfg_options,
        backend_model=args.backend_model,
        tile=args.tile,
        overlap=args.overlap,
    )


if __name__ == '__main__':
    run_tool(main)
