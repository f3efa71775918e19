# Copyright (c) mmacnn authors. All rights reserved.
from . import backbones, classifiers, heads, localizers, losses, necks

__all__ = ['backbones', 'classifiers', 'heads', 'localizers', 'losses', 'necks']
