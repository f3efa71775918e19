# Copyright (c) mmacnn authors. All rights reserved.
from .cbam import CBAM
from .roi_mask_attention import RoIMaskAttention
from .spatial_attention_encoder import SpatialAttentionEncoder
from .squeeze_excite import SE

__all__ = ['CBAM', 'RoIMaskAttention', 'SE', 'SpatialAttentionEncoder']
