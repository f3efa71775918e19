# Copyright (c) mmacnn authors. All rights reserved.
from .cell_geometry import cell_geometry
from .plugin_resnet import PluginResNet
from .strided_conv_net import StridedConvNet
from .truncated_backbone import truncated_backbone

__all__ = [
    'PluginResNet',
    'StridedConvNet',
    'cell_geometry',
    'truncated_backbone',
]
