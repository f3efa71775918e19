# Copyright (c) mmacnn authors. All rights reserved.
"""Inspect images, videos or a camera: `python -m mmacnn inspect`, for mim."""

import argparse

from mmacnn.cli.inspect import add_inspect_arguments, run_inspection
from mmacnn.utils import run_tool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_inspect_arguments(parser)
    run_inspection(parser.parse_args())


if __name__ == '__main__':
    run_tool(main)
