# Copyright (c) mmacnn authors. All rights reserved.
from .equivariance_loss import EquivarianceLoss
from .localization_loss import CentreSmoothL1Loss, HeatmapKLDivLoss

__all__ = ['CentreSmoothL1Loss', 'EquivarianceLoss', 'HeatmapKLDivLoss']
