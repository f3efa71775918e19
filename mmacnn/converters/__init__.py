# Copyright (c) mmacnn authors. All rights reserved.
from .canet import convert_canet_checkpoint
from .publish import publish_checkpoint

__all__ = ['convert_canet_checkpoint', 'publish_checkpoint']
