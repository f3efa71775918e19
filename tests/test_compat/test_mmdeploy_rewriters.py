# Copyright (c) mmacnn authors. All rights reserved.
import sys
from types import ModuleType

import pytest

import mmacnn  # noqa: F401
from mmacnn.compat import mmdeploy_rewriters

REPLACED = dict(
    function_rewriter=('import_function', '_set_func', '_del_func'),
    rewriter_utils=('import_function', 'eval_with_import'),
    symbolic_rewriter=('eval_with_import',),
)


@pytest.fixture
def as_in_python_3_13(monkeypatch):
    """Our functions in MMDeploy, on each Python; MMDeploy's own afterwards."""
    rewriters = pytest.importorskip('mmdeploy.core.rewriters')
    for module, names in REPLACED.items():
        module = getattr(rewriters, module)
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))
    mmdeploy_rewriters.replace()
    return rewriters.function_rewriter.FunctionRewriter()


class Base:
    def name(self):
        return 'base'


class Head(Base):
    pass


def test_functions_are_rewritten_and_put_back(as_in_python_3_13, monkeypatch):
    library, user = ModuleType('library_of_a_test'), ModuleType('user_of_a_test')
    library.Head = Head
    library.free = user.free = lambda: 'free'
    monkeypatch.setitem(sys.modules, library.__name__, library)
    rewriter = as_in_python_3_13
    for path in ('Head.name', 'free', 'absent', 'absent.Head.name'):
        register = rewriter.register_rewriter(f'{library.__name__}.{path}')
        register(rewritten)

    rewriter.enter()
    assert Head().name() == user.free() == library.free() == 'rewritten'
    assert Base().name() == 'base'
    rewriter.exit()
    assert Head().name() == 'base' and 'name' not in vars(Head)
    assert user.free() == library.free() == 'free'


def rewritten(*args):
    return 'rewritten'
