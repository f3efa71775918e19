# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn inspect ...``, ``import ...`` and ``models``."""

from mmacnn.utils import run_tool

from .cli.command_line import main

run_tool(main)
