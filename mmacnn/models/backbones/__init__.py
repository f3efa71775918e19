# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

# Each has its module's name, and imports neither mmpretrain nor mmdet.
from .cell_geometry import cell_geometry
from .plugin_backbone import plugin_backbone
from .roi_mask_backbone import roi_mask_backbone
from .truncated_backbone import truncated_backbone

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'efficientnet_lite': ['EfficientNetLite'],
        'plugin_alexnet': ['PluginAlexNet'],
        'plugin_resnet': ['PluginResNet'],
        'strided_conv_net': ['StridedConvNet'],
    },
)
__all__ += [
    'cell_geometry',
    'plugin_backbone',
    'roi_mask_backbone',
    'truncated_backbone',
]
