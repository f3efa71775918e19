# Copyright (c) mmacnn authors. All rights reserved.
"""What is set round mmengine's runner: config, checkpoint, hooks, model zoo."""

from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(__name__, {'model_zoo': ['get_model']})
