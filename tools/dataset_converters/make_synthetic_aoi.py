# Copyright (c) mmacnn authors. All rights reserved.
"""Generate a data set of an inspection world: no download, exact labels, one seed."""

import argparse
import os
import re

from mmacnn.datasets.synthetic import TASKS, write_dataset


def image_size(text):
    """Parse ``HEIGHTxWIDTH``."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    size = tuple(map(int, match.groups())) if match else (0, 0)
    if not all(96 <= side <= 4096 for side in size):
        raise argparse.ArgumentTypeError(
            f'found {text!r}, expected HEIGHTxWIDTH with sides from 96 to 4096, '
            'such as 480x640'
        )
    return size


def whole_number(lowest):
    """Parser of integers of at least ``lowest``."""

    def parse(text):
        if not re.fullmatch(r'\d+', text) or int(text) < lowest:
            raise argparse.ArgumentTypeError(
                f'found {text!r}, expected a whole number of at least {lowest}'
            )
        return int(text)

    return parse


class Parser(argparse.ArgumentParser):
    """argparse that says what is wrong in one line, without the usage before it."""

    def error(self, message):
        self.exit(2, f'{self.prog}: {message}\n')


def parse_args():
    parser = Parser(description=__doc__)
    parser.add_argument('out', help='folder to make, absent or empty')
    parser.add_argument('--task', choices=list(TASKS), default='product-code')
    parser.add_argument('--num-train', type=whole_number(1), default=1000)
    parser.add_argument('--num-test', type=whole_number(1), default=400)
    parser.add_argument('--size', type=image_size, default=(480, 640))
    parser.add_argument('--seed', type=whole_number(0), default=0)
    parser.add_argument('--num-workers', type=whole_number(1), default=os.cpu_count())
    return parser, parser.parse_args()


def main():
    parser, args = parse_args()
    counts = {'train': args.num_train, 'test': args.num_test}
    try:
        write_dataset(
            TASKS[args.task], args.out, counts, args.size, args.seed, args.num_workers
        )
    except OSError as error:
        parser.error(str(error))


if __name__ == '__main__':
    main()
