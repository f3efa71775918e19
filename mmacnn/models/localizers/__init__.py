# Copyright (c) mmacnn authors. All rights reserved.
from .base import Localization
from .heatmap_localizer import HeatmapLocalizer
from .regression_localizer import RegressionLocalizer

__all__ = ['HeatmapLocalizer', 'Localization', 'RegressionLocalizer']
