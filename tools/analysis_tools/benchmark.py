# Copyright (c) mmacnn authors. All rights reserved.
"""Time models side by side on the CPU: latency, throughput and their ratio."""

import argparse

from mmacnn.cli import image_size, int_at_least
from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--model',
        action='append',
        required=True,
        type=named_source,
        metavar='NAME=SOURCE',
        help='CONFIG,CHECKPOINT; a folder that tools/deploy.py wrote; or an ONNX file '
        'of any maker. Give it once for each model; the first is compared with',
    )
    parser.add_argument('--image', required=True, help='photograph for all models')
    parser.add_argument(
        '--batch-size', nargs='+', type=int_at_least(1), default=[1], metavar='N'
    )
    parser.add_argument(
        '--threads', nargs='+', type=int_at_least(1), default=[1], metavar='N'
    )
    parser.add_argument(
        '--rounds',
        type=int_at_least(1),
        default=100,
        metavar='N',
        help='runs of each model at each setting (%(default)s)',
    )
    parser.add_argument(
        '--input-size',
        type=image_size,
        default='480x640',
        metavar='HxW',
        help='for ONNX files that take any size (%(default)s)',
    )
    parser.add_argument(
        '--out', metavar='DIR', help='new or empty folder for the JSON and the plot'
    )
    args = parser.parse_args()
    names = [name for name, _ in args.model]
    if len(set(names)) < len(names):
        parser.error(f'--model: expected different names, found {", ".join(names)}')
    return args


def named_source(text: str) -> tuple[str, str]:
    name, _, source = text.partition('=')
    if not name or not source:
        raise argparse.ArgumentTypeError(f'found {text!r}, expected NAME=SOURCE')
    return name, source


def main() -> None:
    args = parse_args()
    check_paths(new_folders=[args.out])
    # Late: --help and mistakes need not wait for them.
    import mmcv

    from mmacnn.datasets.image_files import read_image_size
    from mmacnn.deploy.deploy_config import require_packages

    require_packages()  # The next two import them.
    from mmacnn.benchmark.compare import benchmark
    from mmacnn.benchmark.report import format_table, save_report

    read_image_size(args.image, decode=True)
    measurements = benchmark(
        dict(args.model),
        mmcv.imread(args.image),
        args.batch_size,
        args.threads,
        args.rounds,
        args.input_size,
    )
    print(format_table(measurements))
    if args.out:
        print('Written:', *save_report(measurements, vars(args), args.out))


if __name__ == '__main__':
    run_tool(main)
