# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn inspect ...`` and ``python -m mmacnn models``."""

from mmacnn.apis import run_tool
from mmacnn.apis.command_line import main

run_tool(main)
