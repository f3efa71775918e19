# Copyright (c) mmacnn authors. All rights reserved.
"""What is set round mmengine's runner: config, checkpoint, hooks, model zoo."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'bfloat16': ['BFloat16OptimWrapper'],
        'model_zoo': ['get_model'],
    },
)
