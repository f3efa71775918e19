# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'joined_strides': ['JoinedStrides'],
        'laplacian_fpn': ['LaplacianFPN'],
        'spatial_transformer': ['SpatialTransformerNeck'],
    },
)
