# Copyright (c) mmacnn authors. All rights reserved.
from .multi_task_head import MultiTaskHead

__all__ = ['MultiTaskHead']
