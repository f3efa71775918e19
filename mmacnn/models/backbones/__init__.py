# Copyright (c) mmacnn authors. All rights reserved.
from .cell_geometry import cell_geometry
from .efficientnet_lite import EfficientNetLite
from .plugin_alexnet import PluginAlexNet
from .plugin_backbone import plugin_backbone
from .plugin_resnet import PluginResNet
from .roi_mask_backbone import roi_mask_backbone
from .strided_conv_net import StridedConvNet
from .truncated_backbone import truncated_backbone

__all__ = [
    'EfficientNetLite',
    'PluginAlexNet',
    'PluginResNet',
    'StridedConvNet',
    'cell_geometry',
    'plugin_backbone',
    'roi_mask_backbone',
    'truncated_backbone',
]
