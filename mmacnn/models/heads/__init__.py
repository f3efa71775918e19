# Copyright (c) mmacnn authors. All rights reserved.
from .multi_task_head import MultiTaskHead
from .normed_linear_head import NormedLinearClsHead

__all__ = ['MultiTaskHead', 'NormedLinearClsHead']
