# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import sys
from pathlib import Path

import pytest
import torch

from mmacnn.converters import average_checkpoints
from mmacnn.utils import InputError

TOOL = Path(__file__).parents[2] / 'tools/model_converters/average_models.py'


def checkpoint(value, **more):
    weights = dict(a=torch.full((2, 2), value), steps=torch.tensor(int(value)), **more)
    return dict(state_dict=weights, meta=dict(dataset_meta=dict(classes=[str(value)])))


def test_the_mean_lies_between():
    new = torch.ones(3)
    second = checkpoint(4.0, new=new)
    averaged = average_checkpoints(checkpoint(0.0), second, 0.25)
    assert averaged['state_dict']['a'].eq(1).all()
    assert averaged['state_dict']['new'].equal(new)
    assert averaged['state_dict']['steps'] == 4
    assert averaged['meta'] == second['meta']
    assert second['state_dict']['a'].eq(4).all()


def test_what_cannot_be_averaged():
    other = dict(state_dict=dict(a=torch.zeros(3)))
    with pytest.raises(InputError, match='not of one model'):
        average_checkpoints(checkpoint(0.0), other)
    with pytest.raises(InputError, match='share no weight'):
        average_checkpoints(dict(state_dict=dict(b=torch.zeros(3))), other)
    with pytest.raises(InputError, match="expected a 'state_dict'"):
        average_checkpoints(checkpoint(0.0), dict(meta={}))
    with pytest.raises(InputError, match='weight is 2'):
        average_checkpoints(checkpoint(0.0), checkpoint(1.0), 2)


def test_tool(monkeypatch, tmp_path):
    for value in (0.0, 4.0):
        torch.save(checkpoint(value), tmp_path / f'{value:.0f}.pth')
    files = [str(tmp_path / name) for name in ('0.pth', '4.pth', 'mean.pth')]
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *files])
    runpy.run_path(str(TOOL), run_name='__main__')
    found = torch.load(files[2], weights_only=False)
    assert found['state_dict']['a'].eq(2).all()
    assert found['meta']['dataset_meta'] == dict(classes=['4.0'])
