# Copyright (c) mmacnn authors. All rights reserved.
"""Say what regions of an image are, and draw their names on it.

Any number of them: ``--mask a.png b.png --box 10,20,60,40``.
"""

import argparse
import os

from mmacnn.apis import RegionInferencer, numbers, run_tool, whole_number
from mmacnn.apis.region_inferencer import box_region, describe_regions


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('image', help='image file')
    parser.add_argument('config', help='config file')
    parser.add_argument('--weights', required=True, help='checkpoint of the model')
    several = dict(nargs='+', action='extend', default=[])
    parser.add_argument(
        '--mask',
        **several,
        metavar='FILE',
        help="picture of the image's size, 0 but on the region",
    )
    parser.add_argument(
        '--box',
        **several,
        type=numbers,
        metavar='X,Y,W,H',
        help='left, top, width and height in pixels',
    )
    parser.add_argument(
        '--polygon',
        **several,
        type=numbers,
        metavar='X,Y,X,Y,X,Y',
        help='corners in pixels',
    )
    parser.add_argument(
        '--out-file', default='', metavar='FILE', help='new file for the picture'
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0' (the best there)")
    parser.add_argument('--batch-size', type=whole_number(1), default=8, metavar='N')
    parser.add_argument('--show', action='store_true', help='show it in a window')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.out_file and os.path.exists(args.out_file):
        raise FileExistsError(f'{args.out_file} exists, name a new file')
    inferencer = RegionInferencer(args.config, args.weights, args.device)
    regions = [*args.mask, *map(box_region, args.box), *([p] for p in args.polygon)]
    results = inferencer(
        args.image,
        regions,
        batch_size=args.batch_size,
        out_file=args.out_file,
        show=args.show,
    )
    print(describe_regions(results))


if __name__ == '__main__':
    run_tool(main)
