# Copyright (c) mmacnn authors. All rights reserved.
import subprocess
import sys

import pytest

from mmacnn.compat import mmpretrain_without_mmdet

HEAD = """
import sys
import mmacnn

def check_layer():
    from mmdet.registry import MODELS
    from mmdet.models.roi_heads.shared_heads.res_layer import ResLayer
    from mmpretrain.models import utils

    layer = MODELS.get('ResLayerExtraNorm')
    assert issubclass(layer, ResLayer)
    assert layer is utils.ResLayerExtraNorm
    assert layer.__module__ == 'mmpretrain.models.utils.res_layer_extra_norm'
"""
CLASSIFIER_FIRST = """
import mmpretrain.models
assert 'mmdet' not in sys.modules, 'a classifier waited for mmdet'
assert mmpretrain.models.utils.ResLayerExtraNorm is None
import mmdet.models
check_layer()
"""
DETECTOR_FIRST = """
import mmdet.models, mmpretrain.models
check_layer()
"""


@pytest.mark.parametrize('code', [CLASSIFIER_FIRST, DETECTOR_FIRST])
def test_detectors_have_the_layer_and_classifiers_do_not_wait_for_it(code):
    subprocess.run([sys.executable, '-W', 'ignore', '-c', HEAD + code], check=True)


def test_apply_twice_changes_nothing():
    before = list(sys.meta_path)
    mmpretrain_without_mmdet.apply()
    assert sys.meta_path == before


def test_mmdets_source_can_be_read():
    """As tracebacks and documentation do, through the loader."""
    import mmdet.models

    loader = mmdet.models.__spec__.loader
    assert 'from .detectors import' in loader.get_source('mmdet.models')
    assert mmdet.models.__file__ == loader.path
