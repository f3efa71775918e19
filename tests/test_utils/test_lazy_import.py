# Copyright (c) mmacnn authors. All rights reserved.
import importlib
import sys
from types import ModuleType

import pytest

from mmacnn.utils.lazy_import import lazy_import

INIT = """
from mmacnn.utils.lazy_import import lazy_import
__getattr__, __dir__, __all__ = lazy_import(
    __name__, {'shapes': ['Circle', 'Square'], 'colours': []})
"""


@pytest.fixture
def package(tmp_path, monkeypatch) -> ModuleType:
    folder = tmp_path / 'lazy_example'
    folder.mkdir()
    (folder / '__init__.py').write_text(INIT)
    (folder / 'shapes.py').write_text('class Circle: ...\nclass Square: ...')
    (folder / 'colours.py').write_text('RED = 1')
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module('lazy_example')
    for name in [name for name in sys.modules if name.startswith('lazy_example')]:
        del sys.modules[name]


def test_a_name_imports_its_module_and_no_other(package):
    assert 'lazy_example.shapes' not in sys.modules
    assert package.Circle is sys.modules['lazy_example.shapes'].Circle
    assert 'lazy_example.colours' not in sys.modules
    assert 'Circle' in vars(package)


def test_a_module_may_be_public(package):
    assert package.colours.RED == 1


def test_star(package):
    found = {}
    exec('from lazy_example import *', found)
    assert {'Circle', 'Square', 'colours'} <= found.keys()


def test_names_are_listed_before_they_are_used(package):
    assert package.__all__ == ['Circle', 'Square', 'colours']
    assert {'Circle', 'Square', 'colours'} <= set(dir(package))


def test_an_unknown_name(package):
    with pytest.raises(AttributeError, match='lazy_example.*Triangle'):
        package.Triangle  # noqa: B018
    with pytest.raises(ImportError, match='Triangle'):
        exec('from lazy_example import Triangle')


def test_a_name_of_a_module_is_refused():
    with pytest.raises(ValueError, match='shape'):
        lazy_import('example', {'shape': ['shape']})
