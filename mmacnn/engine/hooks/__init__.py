# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly_threshold import AnomalyThresholdHook, choose_threshold
from .atomic_checkpoint import WholeCheckpointHook
from .atomic_file_backend import WholeFileBackend
from .exact_resume import ExactResumeHook

__all__ = [
    'AnomalyThresholdHook',
    'ExactResumeHook',
    'WholeCheckpointHook',
    'WholeFileBackend',
    'choose_threshold',
]
