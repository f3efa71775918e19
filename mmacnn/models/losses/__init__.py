# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'binary_focal_loss': ['BinaryFocalLoss'],
        'equivariance_loss': ['EquivarianceLoss'],
        'localization_loss': ['CentreSmoothL1Loss', 'HeatmapKLDivLoss'],
    },
)
