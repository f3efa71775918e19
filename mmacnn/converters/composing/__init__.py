# Copyright (c) mmacnn authors. All rights reserved.
"""From a few labelled photographs to a training set: cut, paste, write."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'options': ['ComposeOptions'],
        'writing': ['compose_dataset'],
    },
)
