# Copyright (c) mmacnn authors. All rights reserved.
"""Export a checkpoint to a model folder, and compare the two."""

import argparse
import shutil
from pathlib import Path

import mmacnn
from mmacnn.cli import add_cfg_options, int_at_least
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('deploy_cfg', help='deploy config, out of configs/deploy')
    parser.add_argument('model_cfg', help='config of the model')
    parser.add_argument('checkpoint', help='weights')
    parser.add_argument('img', help='image to trace the model with')
    parser.add_argument(
        '--work-dir', required=True, metavar='DIR', help='new or empty model folder'
    )
    parser.add_argument(
        '--verify',
        type=int_at_least(0),
        default=0,
        metavar='N',
        help='compare with the checkpoint on N images, and fail over the tolerance of '
        'the deploy config (0)',
    )
    parser.add_argument(
        '--verify-images',
        metavar='DIR',
        help="folder of these images (the config's test set)",
    )
    parser.add_argument(
        '--calib-images',
        metavar='DIR',
        help="int8: folder of images to calibrate with (the config's training set)",
    )
    parser.add_argument(
        '--rules', metavar='FILE', help="verdict rules, YAML (the model config's)"
    )
    parser.add_argument(
        '--runner',
        action='store_true',
        help='put the runner into the folder too: all that the line needs',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths(
        [args.deploy_cfg, args.model_cfg, args.checkpoint, args.img, args.rules],
        new_folders=[args.work_dir],
    )
    # Late: --help and mistakes need not wait for them.
    from mmacnn.deploy import deploy
    from mmacnn.engine.rules import read_rules

    lines = deploy(
        args.deploy_cfg,
        args.model_cfg,
        args.checkpoint,
        args.img,
        args.work_dir,
        verify=args.verify,
        verify_images=args.verify_images,
        calibration_images=args.calib_images,
        cfg_options=args.cfg_options,
        rules=read_rules(args.rules) if args.rules else None,
    )
    print('\n'.join(lines))
    if args.runner:
        print(add_runner(args.work_dir))


def add_runner(folder: str) -> str:
    """Copy the runner, with what its link leads to, and say how it is called."""
    source, target = Path(__file__).parents[1] / 'runner', Path(folder) / 'runner'
    line = Path(mmacnn.__file__).parent / 'line'  # which runner/line is a link to
    ignore = shutil.ignore_patterns('__pycache__', 'line')
    shutil.copytree(source, target, ignore=ignore)
    shutil.copytree(line, target / 'line', ignore=ignore)
    return (
        f'{target}: with numpy, OpenCV and the back end alone, '
        f'python3 {target}/run.py {folder} IMAGES'
    )


if __name__ == '__main__':
    run_tool(main)
