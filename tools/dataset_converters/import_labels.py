# Copyright (c) mmacnn authors. All rights reserved.
"""Import the labels of another tool: what ``python -m mmacnn import`` does."""

import argparse

from mmacnn.cli.import_labels import add_import_arguments, run_import
from mmacnn.utils import run_tool


def main() -> None:
    parser = argparse.ArgumentParser()
    add_import_arguments(parser)
    run_import(parser.parse_args())


if __name__ == '__main__':
    run_tool(main)
