# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly_threshold_hook import AnomalyThresholdHook, choose_threshold
from .exact_resume_hook import ExactResumeHook

__all__ = ['AnomalyThresholdHook', 'ExactResumeHook', 'choose_threshold']
