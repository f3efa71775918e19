# Copyright (c) mmacnn authors. All rights reserved.
"""Compare CANet's spatial attention in linear time with its published, quadratic form.

Time and peak memory of a forward pass and of a training step, on the CPU.
"""

import argparse

from mmacnn.apis import image_size, run_tool, whole_number
from mmacnn.apis.attention_benchmark import (
    compare_in_detector,
    compare_on_maps,
    format_table,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--config',
        help='compare the whole detector of this config, not the encoder by itself',
    )
    parser.add_argument(
        '--image-size',
        type=image_size,
        default='600x600',
        metavar='HxW',
        help='image for the detector (%(default)s)',
    )
    parser.add_argument(
        '--map-sizes',
        nargs='+',
        type=image_size,
        default=[(38, 38), (75, 75), (150, 150), (200, 304)],
        metavar='HxW',
        help='feature maps for the encoder (38x38 75x75 150x150 200x304)',
    )
    parser.add_argument(
        '--channels', type=whole_number(1), default=64, help='of the maps (%(default)s)'
    )
    parser.add_argument(
        '--num-heads', type=whole_number(1), default=8, help='(%(default)s)'
    )
    parser.add_argument(
        '--kv-stride', type=whole_number(1), default=2, help='(%(default)s)'
    )
    parser.add_argument(
        '--rounds',
        type=whole_number(1),
        default=5,
        help='runs of each, of which the median is taken (%(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.config:
        found = compare_in_detector(args.config, args.image_size, args.rounds)
    else:
        found = compare_on_maps(
            args.map_sizes, args.channels, args.num_heads, args.kv_stride, args.rounds
        )
    print(format_table(found))


if __name__ == '__main__':
    run_tool(main)
