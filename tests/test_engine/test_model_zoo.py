# Copyright (c) mmacnn authors. All rights reserved.
import shutil
from pathlib import Path

import pytest
import torch
from mmdet.models import FasterRCNN

from mmacnn.engine import get_model
from mmacnn.models.classifiers import ACNN

ROOT = Path(__file__).parents[2]
NAME = 'acnn-opt_strided_8e_synthetic-product-code'
WEIGHTS = ROOT / 'demo/acnn-opt_synthetic-product-code.pth'


def test_by_name_with_its_weights():
    model = get_model(NAME, pretrained=True)
    assert isinstance(model, ACNN) and not model.training
    assert model.dataset_meta['classes'] == ('1069', '1071', '3707', '3709')
    published = torch.load(WEIGHTS, weights_only=True)['state_dict']
    for name, value in model.state_dict().items():
        assert torch.equal(value, published[name].to(value.dtype))


def test_weights_of_ones_own(tmp_path):
    shutil.copy(WEIGHTS, tmp_path / 'own.pth')
    model = get_model(NAME, pretrained=str(tmp_path / 'own.pth'))
    random = get_model(NAME)
    assert not torch.equal(model.head.fc.weight, random.head.fc.weight)


def test_a_detector_in_its_own_scope():
    model = get_model('canet_r18_fpn_8e_synthetic-surface-defects')
    assert isinstance(model, FasterRCNN)
    assert 'scratch' in model.dataset_meta['classes']


def test_mistakes_are_named():
    with pytest.raises(ValueError, match='no-such: found no config file and no model'):
        get_model('no-such')
    with pytest.raises(ValueError, match='acnn-base.* no weights are known'):
        get_model('acnn-base_strided_8e_synthetic-product-code', pretrained=True)
    with pytest.raises(ValueError, match="does not fit the config's FasterRCNN"):
        get_model('canet_r18_fpn_8e_synthetic-surface-defects', pretrained=str(WEIGHTS))
    with pytest.raises(FileNotFoundError, match='none.pth: no such checkpoint'):
        get_model(NAME, pretrained='none.pth')
