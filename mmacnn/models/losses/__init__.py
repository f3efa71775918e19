# Copyright (c) mmacnn authors. All rights reserved.
from .localization_loss import CentreSmoothL1Loss, HeatmapCrossEntropyLoss

__all__ = ['CentreSmoothL1Loss', 'HeatmapCrossEntropyLoss']
