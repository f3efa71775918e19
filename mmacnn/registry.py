# Copyright (c) mmacnn authors. All rights reserved.
"""Registries of scope ``mmacnn``, children of mmengine's roots.

A config names a module of this package as ``mmacnn.X``. The module that defines ``X``
is imported when it is first looked up, so ``import mmacnn`` stays light.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import Registry

MODELS = Registry(
    'model', parent=MMENGINE_MODELS, scope='mmacnn', locations=['mmacnn.models']
)
DATASETS = Registry(
    'dataset', parent=MMENGINE_DATASETS, scope='mmacnn', locations=['mmacnn.datasets']
)
DATA_SAMPLERS = Registry(
    'data sampler',
    parent=MMENGINE_DATA_SAMPLERS,
    scope='mmacnn',
    locations=['mmacnn.datasets'],
)
FUNCTIONS = Registry(
    'function',
    parent=MMENGINE_FUNCTIONS,
    scope='mmacnn',
    locations=['mmacnn.datasets'],
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='mmacnn',
    locations=['mmacnn.datasets.transforms'],
)
METRICS = Registry(
    'metric', parent=MMENGINE_METRICS, scope='mmacnn', locations=['mmacnn.evaluation']
)
VISUALIZERS = Registry(
    'visualizer',
    parent=MMENGINE_VISUALIZERS,
    scope='mmacnn',
    locations=['mmacnn.visualization'],
)
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='mmacnn',
    locations=['mmacnn.engine', 'mmacnn.visualization'],
)
