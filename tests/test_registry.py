# Copyright (c) mmacnn authors. All rights reserved.
import json
import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages

import pytest
from mmengine.registry import Registry

import mmacnn
from mmacnn import registry

REGISTRIES = [
    name
    for name, value in vars(registry).items()
    if isinstance(value, Registry) and value.scope == 'mmacnn'
]
PACKAGES = [
    package.name
    for package in walk_packages(mmacnn.__path__, 'mmacnn.')
    if package.ispkg and hasattr(import_module(package.name), '__all__')
]
LOOK_UP = """
import json, sys
import mmacnn
from mmengine import registry

for name, keys in json.load(sys.stdin).items():
    for key in keys:
        found = getattr(registry, name).get(f'mmacnn.{key}')
        assert found.__module__.startswith('mmacnn.'), (name, key, found)
"""


def test_every_registered_name_is_found_by_looking_it_up():
    """In a process that has imported nothing but the package."""
    for module in walk_packages(mmacnn.__path__, 'mmacnn.'):
        if '.deploy' not in module.name and not module.name.endswith('__main__'):
            import_module(module.name)
    names = {
        name: [
            key
            for key, value in getattr(registry, name).module_dict.items()
            if value.__module__.startswith('mmacnn.')
            and not value.__module__.startswith('mmacnn.deploy')
        ]
        for name in REGISTRIES
    }
    assert all(names.values()), names
    subprocess.run(
        [sys.executable, '-c', LOOK_UP], input=json.dumps(names), text=True, check=True
    )


@pytest.mark.parametrize('package', PACKAGES)
def test_every_public_name_is_there(package):
    package = import_module(package)
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_a_name_that_nobody_registered():
    with pytest.raises(KeyError, match='mmacnn.NoSuchModel'):
        registry.MODELS.build(dict(type='mmacnn.NoSuchModel'))


def test_what_another_registers_in_the_scope_is_found():
    """As a plugin of the plugin, or the deployed model, does."""

    @registry.MODELS.register_module()
    class Another:
        pass

    try:
        assert isinstance(registry.MODELS.build(dict(type='mmacnn.Another')), Another)
    finally:
        registry.MODELS.module_dict.pop('Another')
