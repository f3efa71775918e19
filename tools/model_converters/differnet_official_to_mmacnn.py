# Copyright (c) mmacnn authors. All rights reserved.
"""Convert a state dict that the official DifferNet saved."""

from functools import partial

from mmacnn.apis import run_tool
from mmacnn.apis.checkpoint_conversion import run_conversion
from mmacnn.converters import convert_differnet_checkpoint

SOURCE = 'state dict of the official implementation'

if __name__ == '__main__':
    run_tool(partial(run_conversion, convert_differnet_checkpoint, __doc__, SOURCE))
