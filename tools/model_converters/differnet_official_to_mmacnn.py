# Copyright (c) mmacnn authors. All rights reserved.
"""Convert a state dict that the official DifferNet saved."""

from functools import partial

from mmacnn.cli.checkpoint_conversion import run_conversion
from mmacnn.utils import run_tool

SOURCE = 'state dict of the official implementation'

if __name__ == '__main__':
    run_tool(partial(run_conversion, 'convert_differnet_checkpoint', __doc__, SOURCE))
