# Copyright (c) mmacnn authors. All rights reserved.
"""Registries of scope ``mmacnn``, children of mmengine's roots.

A config names a module of this package as ``mmacnn.X``. The module that defines ``X``
is imported when it is first looked up, so ``import mmacnn`` stays light, and who uses
one method does not wait for the others' dependencies.
"""

from importlib import import_module

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import Registry


class LazyRegistry(Registry):
    """A registry whose ``locations`` import a module when its name is looked up.

    mmengine imports the locations, which are packages here, at the first look-up of any
    name. That registers nothing yet: their public names are lazy.
    """

    def get(self, key: str) -> type | None:
        """The class or function of a name, as of :class:`mmengine.Registry`."""
        scope, name = self.split_scope_key(key)
        if scope in (None, self.scope) and name not in self.module_dict:
            for location in self._locations:
                package = import_module(location)
                if name in package.__all__:
                    getattr(package, name)
        return super().get(key)

    def names(self) -> set[str]:
        """All names, also of modules that are not imported yet."""
        packages = map(import_module, self._locations)
        return set(self.module_dict).union(*(package.__all__ for package in packages))


def _registry(name: str, parent: Registry, *packages: str) -> LazyRegistry:
    locations = [f'mmacnn.{package}' for package in packages]
    return LazyRegistry(name, parent=parent, scope='mmacnn', locations=locations)


MODELS = _registry(
    'model',
    MMENGINE_MODELS,
    'models.anomaly',
    'models.attention',
    'models.backbones',
    'models.classifiers',
    'models.data_preprocessors',
    'models.detectors',
    'models.heads',
    'models.localizers',
    'models.losses',
    'models.necks',
)
DATASETS = _registry('dataset', MMENGINE_DATASETS, 'datasets')
DATA_SAMPLERS = _registry('data sampler', MMENGINE_DATA_SAMPLERS, 'datasets')
FUNCTIONS = _registry('function', MMENGINE_FUNCTIONS, 'datasets')
TRANSFORMS = _registry('transform', MMENGINE_TRANSFORMS, 'datasets.transforms')
METRICS = _registry('metric', MMENGINE_METRICS, 'evaluation', 'datasets')
VISUALIZERS = _registry('visualizer', MMENGINE_VISUALIZERS, 'visualization')
HOOKS = _registry('hook', MMENGINE_HOOKS, 'engine.hooks', 'visualization')
OPTIM_WRAPPERS = _registry('optim wrapper', MMENGINE_OPTIM_WRAPPERS, 'engine')
