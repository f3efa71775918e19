# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'cbam': ['CBAM', 'ChannelAttention', 'PositionAttention'],
        'roi_mask_attention': ['RoIMaskAttention'],
        'spatial_attention_encoder': ['SpatialAttentionEncoder'],
        'squeeze_excite': ['SE'],
    },
)
