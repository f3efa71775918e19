# Copyright (c) mmacnn authors. All rights reserved.
"""Convert a checkpoint that the ROI-mask classifier's author published."""

from functools import partial

from mmacnn.cli.checkpoint_conversion import run_conversion
from mmacnn.utils import run_tool

SOURCE = "checkpoint of the author's code"

if __name__ == '__main__':
    run_tool(partial(run_conversion, 'convert_roi_mask_checkpoint', __doc__, SOURCE))
