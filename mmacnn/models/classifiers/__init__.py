# Copyright (c) mmacnn authors. All rights reserved.
from .acnn import ACNN

__all__ = ['ACNN']
