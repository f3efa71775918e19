# Copyright (c) mmacnn authors. All rights reserved.
"""Classifiers of mmpretrain, those of the ROI mask among them.

MMDeploy exports them. A model that takes a region has the mask as the fourth channel of
its input, which its data preprocessor tells.
"""

from mmpretrain.models.classifiers import BaseClassifier

from .base import Method, register_method


@register_method
class ClassifierMethod(Method):
    """See the module."""

    model = BaseClassifier
    codebase = 'mmpretrain'
    outputs = dict(output='scores')
