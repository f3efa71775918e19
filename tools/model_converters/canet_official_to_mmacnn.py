# Copyright (c) mmacnn authors. All rights reserved.
"""Convert a checkpoint that CANet's authors published, or that their code saved."""

from functools import partial

from mmacnn.cli.checkpoint_conversion import run_conversion
from mmacnn.utils import run_tool

SOURCE = 'checkpoint of either official implementation'

if __name__ == '__main__':
    run_tool(partial(run_conversion, 'convert_canet_checkpoint', __doc__, SOURCE))
