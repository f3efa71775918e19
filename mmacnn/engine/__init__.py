# Copyright (c) mmacnn authors. All rights reserved.
from .exact_resume_hook import ExactResumeHook

__all__ = ['ExactResumeHook']
