# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

# At once, since configs name them otherwise, and they import no other package's models.
from .cell_geometry import cell_geometry  # noqa: F401
from .plugin_backbone import plugin_backbone  # noqa: F401
from .roi_mask_backbone import roi_mask_backbone  # noqa: F401
from .truncated_backbone import truncated_backbone  # noqa: F401

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'efficientnet_lite': ['EfficientNetLite'],
        'plugin_alexnet': ['PluginAlexNet'],
        'plugin_resnet': ['PluginResNet'],
        'strided_conv_net': ['StridedConvNet'],
    },
)
