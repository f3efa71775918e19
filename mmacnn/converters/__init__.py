# Copyright (c) mmacnn authors. All rights reserved.
from .canet import convert_canet_checkpoint
from .classifier_to_cam import classifier_to_cam
from .differnet import convert_differnet_checkpoint
from .efficientnet_lite import convert_efficientnet_lite_checkpoint
from .publish import publish_checkpoint
from .roi_mask import convert_roi_mask_checkpoint
from .voc import convert_voc
from .wafer import convert_wafers

__all__ = [
    'classifier_to_cam',
    'convert_canet_checkpoint',
    'convert_differnet_checkpoint',
    'convert_efficientnet_lite_checkpoint',
    'convert_roi_mask_checkpoint',
    'convert_voc',
    'convert_wafers',
    'publish_checkpoint',
]
