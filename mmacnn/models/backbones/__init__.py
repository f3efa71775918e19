# Copyright (c) mmacnn authors. All rights reserved.
from .strided_conv_net import StridedConvNet

__all__ = ['StridedConvNet']
