# Copyright (c) mmacnn authors. All rights reserved.
from .laplacian_fpn import LaplacianFPN
from .spatial_transformer import SpatialTransformerNeck

__all__ = ['LaplacianFPN', 'SpatialTransformerNeck']
