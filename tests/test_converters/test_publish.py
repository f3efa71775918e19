# Copyright (c) mmacnn authors. All rights reserved.
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmacnn.converters import publish_checkpoint

TOOL = Path(__file__).parents[2] / 'tools/model_converters/publish_model.py'


@pytest.fixture
def checkpoint():
    return dict(
        meta=dict(epoch=3, dataset_meta=dict(classes=['a', 'b']), cfg='...'),
        state_dict=dict(weight=torch.tensor([1.0, 1 / 3]), steps=torch.tensor(70000)),
        optimizer=dict(state={}),
    )


def test_weights_and_classes_are_kept_and_nothing_else(checkpoint):
    published = publish_checkpoint(checkpoint)
    assert set(published) == {'meta', 'state_dict'}
    assert published['meta'] == dict(dataset_meta=dict(classes=['a', 'b']))
    assert published['state_dict']['weight'].equal(torch.tensor([1.0, 1 / 3]))


def test_half_leaves_counters_alone(checkpoint):
    weights = publish_checkpoint(checkpoint, half=True)['state_dict']
    assert weights['weight'].dtype == torch.float16
    assert weights['steps'].item() == 70000


def test_weight_beyond_float16(checkpoint):
    checkpoint['state_dict']['weight'][0] = 1e6
    with pytest.raises(ValueError, match='weight does not fit float16'):
        publish_checkpoint(checkpoint, half=True)


def test_no_checkpoint():
    with pytest.raises(ValueError, match="expected a 'state_dict'"):
        publish_checkpoint(dict(model=1))


def run_tool(*arguments):
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_tool_writes_once_and_overwrites_nothing(checkpoint, tmp_path):
    source, target = tmp_path / 'epoch_3.pth', tmp_path / 'model.pth'
    torch.save(checkpoint, source)
    assert run_tool(source, target, '--half').returncode == 0
    loaded = torch.load(target, weights_only=True)
    assert loaded['state_dict']['weight'].dtype == torch.float16
    again = run_tool(source, target)
    assert again.returncode == 2
    assert again.stderr.strip() == f'error: {target} exists, name a new file'
    assert sorted(tmp_path.iterdir()) == [source, target]
