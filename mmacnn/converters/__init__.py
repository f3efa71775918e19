# Copyright (c) mmacnn authors. All rights reserved.
from .canet import convert_canet_checkpoint
from .publish import publish_checkpoint
from .voc import convert_voc

__all__ = ['convert_canet_checkpoint', 'convert_voc', 'publish_checkpoint']
