# Copyright (c) mmacnn authors. All rights reserved.
from .spatial_transformer import SpatialTransformerNeck

__all__ = ['SpatialTransformerNeck']
