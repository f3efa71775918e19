# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'cell_geometry': ['cell_geometry'],
        'efficientnet_lite': ['EfficientNetLite'],
        'plugin_alexnet': ['PluginAlexNet'],
        'plugin_backbone': ['plugin_backbone'],
        'plugin_resnet': ['PluginResNet'],
        'roi_mask_backbone': ['roi_mask_backbone'],
        'strided_conv_net': ['StridedConvNet'],
        'truncated_backbone': ['truncated_backbone'],
    },
)
