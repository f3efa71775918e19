# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly_threshold_hook import AnomalyThresholdHook, choose_threshold
from .exact_resume_hook import ExactResumeHook
from .whole_file_backend import WholeFileBackend

__all__ = [
    'AnomalyThresholdHook',
    'ExactResumeHook',
    'WholeFileBackend',
    'choose_threshold',
]
