# Copyright (c) mmacnn authors. All rights reserved.
from .publish import publish_checkpoint

__all__ = ['publish_checkpoint']
