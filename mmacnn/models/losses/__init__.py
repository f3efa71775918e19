# Copyright (c) mmacnn authors. All rights reserved.
from .binary_focal_loss import BinaryFocalLoss
from .equivariance_loss import EquivarianceLoss
from .localization_loss import CentreSmoothL1Loss, HeatmapKLDivLoss

__all__ = [
    'BinaryFocalLoss',
    'CentreSmoothL1Loss',
    'EquivarianceLoss',
    'HeatmapKLDivLoss',
]
