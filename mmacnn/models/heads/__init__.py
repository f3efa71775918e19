# Copyright (c) mmacnn authors. All rights reserved.
from .cam_head import CAMHead
from .multi_task_head import MultiTaskHead
from .normed_linear_head import NormedLinearClsHead

__all__ = ['CAMHead', 'MultiTaskHead', 'NormedLinearClsHead']
