# Copyright (c) mmacnn authors. All rights reserved.
from copy import deepcopy

from mmpretrain.models import EfficientNet

from mmacnn.registry import MODELS


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """EfficientNet-Lite0: EfficientNet-B0 for small processors, and for int8.

    Without squeeze-and-excitation, and with ReLU6 for Swish (R. Liu, *Higher accuracy
    on vision models with EfficientNet-Lite*, TensorFlow blog, 2020). Its stages are
    those of mmpretrain's EfficientNet-B0: ``out_indices=(4,)`` has 112 channels at
    stride 16, 5 has 320 at stride 32, and 6 has 1280.

    Args:
        act_cfg: Config of the activation.
        **kwargs: Of mmpretrain's ``EfficientNet``, but for ``arch``.
    """

    layer_settings = {'l': deepcopy(EfficientNet.layer_settings['b'])}
    for _stage in layer_settings['l']:
        for _block in _stage:
            _block[2] = 0  # no squeeze-and-excitation
    arch_settings = {'lite0': (1.0, 1.0, 224)}

    def __init__(self, act_cfg: dict | None = None, **kwargs) -> None:
        super().__init__('lite0', act_cfg=act_cfg or dict(type='ReLU6'), **kwargs)
