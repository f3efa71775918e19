# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly_threshold import AnomalyThresholdHook, choose_threshold
from .atomic_checkpoint import AtomicCheckpointHook
from .atomic_file_backend import AtomicFileBackend
from .exact_resume import ExactResumeHook
from .memory_bank import MemoryBankHook
from .self_training import SelfTrainingHook

__all__ = [
    'AnomalyThresholdHook',
    'ExactResumeHook',
    'AtomicCheckpointHook',
    'AtomicFileBackend',
    'MemoryBankHook',
    'SelfTrainingHook',
    'choose_threshold',
]
