# Copyright (c) mmacnn authors. All rights reserved.
from .acnn import ACNN
from .cam_classifier import CAMClassifier

__all__ = ['ACNN', 'CAMClassifier']
