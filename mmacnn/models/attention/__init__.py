# Copyright (c) mmacnn authors. All rights reserved.
from .spatial_attention_encoder import SpatialAttentionEncoder

__all__ = ['SpatialAttentionEncoder']
