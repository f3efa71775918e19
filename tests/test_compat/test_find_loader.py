# Copyright (c) mmacnn authors. All rights reserved.
import pkgutil

import pytest

from mmacnn.compat import find_loader


@pytest.fixture
def as_in_python_3_14(monkeypatch):
    monkeypatch.delattr(pkgutil, 'find_loader', raising=False)
    find_loader.apply()
    yield
    if pkgutil.find_loader is find_loader.find_loader:
        del pkgutil.find_loader


def test_openmmlab_asks_for_mmcvs_operators(as_in_python_3_14):
    from mmcv.utils.ext_loader import check_ops_exist
    from mmengine.utils.dl_utils import mmcv_full_available

    assert check_ops_exist()  # its own, or those of mmcv_ops
    assert mmcv_full_available()
    assert pkgutil.find_loader('mmcv.no_such_module') is None


@pytest.mark.skipif(not hasattr(pkgutil, 'find_loader'), reason='Python dropped it')
def test_where_it_is_there_it_stays():
    before = pkgutil.find_loader
    find_loader.apply()
    assert pkgutil.find_loader is before
