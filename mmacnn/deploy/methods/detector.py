# Copyright (c) mmacnn authors. All rights reserved.
"""Detectors of mmdet, CANet among them; MMDeploy exports them.

Imported once mmdet is, which takes longer to import than a classifier needs.
"""

from mmdet.models.detectors import SingleStageDetector, TwoStageDetector
from mmdet.models.detectors.base import BaseDetector
from torch import nn

from .base import Method, register_method


@register_method
class DetectorMethod(Method):
    """See the module."""

    model = BaseDetector
    codebase = 'mmdet'
    tasks = ('ObjectDetection',)
    outputs = dict(dets='boxes', labels='labels', masks='masks')

    def pads(self, model: nn.Module) -> bool:
        """See :class:`Method`; :mod:`mmacnn.deploy.detector_rewriters` does it."""
        rewritten = SingleStageDetector.extract_feat, TwoStageDetector.extract_feat
        return type(model).extract_feat in rewritten
