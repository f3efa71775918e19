# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'alexnet': ['convert_flax_alexnet', 'load_arrays'],
        'averaging': ['average_checkpoints'],
        'canet': ['convert_canet_checkpoint'],
        'cam_classifier': ['classifier_to_cam'],
        'differnet': ['convert_differnet_checkpoint'],
        'efficientnet_lite': ['convert_efficientnet_lite_checkpoint'],
        'mobilenet_v2': ['convert_mobilenet_v2_checkpoint'],
        'publish': ['publish_checkpoint'],
        'roi_mask': ['convert_roi_mask_checkpoint'],
        'wafer': ['convert_wafers'],
    },
)
