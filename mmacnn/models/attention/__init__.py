# Copyright (c) mmacnn authors. All rights reserved.
from .roi_mask_attention import RoIMaskAttention
from .spatial_attention_encoder import SpatialAttentionEncoder

__all__ = ['RoIMaskAttention', 'SpatialAttentionEncoder']
