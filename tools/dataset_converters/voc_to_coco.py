# Copyright (c) mmacnn authors. All rights reserved.
"""Convert a folder of Pascal VOC xml files to one COCO json."""

import argparse

from mmacnn.utils import check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('xml_dir', help='folder of xml files, with folders below it')
    parser.add_argument('img_dir', help='folder of the images, with folders below it')
    parser.add_argument('out', help='json file to write; must not exist')
    parser.add_argument(
        '--classes',
        nargs='+',
        required=True,
        metavar='NAME',
        help="all classes, in the order of the config's metainfo.classes",
    )
    parser.add_argument(
        '--first',
        type=int,
        choices=[0, 1],
        default=1,
        help='number of the first pixel: 1 as Pascal VOC, or 0 (1)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.xml_dir, args.img_dir], [args.out])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.converters import convert_voc

    counts = convert_voc(args.xml_dir, args.img_dir, args.out, args.classes, args.first)
    for name, count in counts.items():
        print(f'{name}: {count} boxes')


if __name__ == '__main__':
    run_tool(main)
