# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly_threshold_hook import AnomalyThresholdHook, choose_threshold
from .exact_resume_hook import ExactResumeHook
from .whole_checkpoint_hook import WholeCheckpointHook
from .whole_file_backend import WholeFileBackend

__all__ = [
    'AnomalyThresholdHook',
    'ExactResumeHook',
    'WholeCheckpointHook',
    'WholeFileBackend',
    'choose_threshold',
]
