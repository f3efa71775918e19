# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn inspect ...``, ``import ...`` and ``models``."""

from mmacnn.cli.command_line import main
from mmacnn.utils import run_tool

run_tool(main)
