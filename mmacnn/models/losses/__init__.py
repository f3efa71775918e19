# Copyright (c) mmacnn authors. All rights reserved.
from .equivariance_loss import EquivarianceLoss
from .localization_loss import CentreSmoothL1Loss, HeatmapCrossEntropyLoss

__all__ = ['CentreSmoothL1Loss', 'EquivarianceLoss', 'HeatmapCrossEntropyLoss']
