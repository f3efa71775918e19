# Copyright (c) mmacnn authors. All rights reserved.
"""Count what is in a data set, and list what is odd or wrong.

The same as ``python -m mmacnn analyse``.
"""

import argparse

from mmacnn.cli.analyse import add_analyse_arguments, run_analysis
from mmacnn.utils import run_tool


def main() -> None:
    parser = argparse.ArgumentParser()
    add_analyse_arguments(parser)
    run_analysis(parser.parse_args())


if __name__ == '__main__':
    run_tool(main)
