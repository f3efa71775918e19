# Copyright (c) mmacnn authors. All rights reserved.
"""Put an exported model into a model repository of the Triton Inference Server."""

import argparse

from mmacnn.cli import int_at_least
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model_folder', help='model folder of tools/deploy.py')
    parser.add_argument('repository', help="Triton's model repository")
    parser.add_argument(
        '--name', required=True, help='name of the model on the server; must be new'
    )
    parser.add_argument(
        '--max-batch-size',
        type=int_at_least(1),
        default=8,
        metavar='N',
        help='largest batch that the server may form (8)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.model_folder])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.deploy import write_triton_repository

    files = write_triton_repository(
        args.model_folder, args.repository, args.name, args.max_batch_size
    )
    print('\n'.join(f'{args.repository}/{file}' for file in files))


if __name__ == '__main__':
    run_tool(main)
