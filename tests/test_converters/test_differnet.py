# Copyright (c) mmacnn authors. All rights reserved.
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmacnn.converters import convert_differnet_checkpoint
from mmacnn.models.anomaly import NormalizingFlow, ScoreCalibration

DATA = Path(__file__).parents[1] / 'data/differnet_flow.npz'
TOOL = (
    Path(__file__).parents[2] / 'tools/model_converters/differnet_official_to_mmacnn.py'
)


@pytest.fixture
def official():
    """State dict of an official model with three blocks, as published."""
    with np.load(DATA) as vectors:
        return {
            f'nf.{name.removeprefix("weight.")}': torch.from_numpy(vectors[name])
            for name in vectors
            if name.startswith('weight.')
        }


def test_permutations_are_those_of_the_official_code(official):
    weights = convert_differnet_checkpoint(official)
    with np.load(DATA) as vectors:
        for block in range(3):
            found = weights[f'core.flow.blocks.module_list.{2 * block}.perm']
            assert found.tolist() == vectors[f'perm{block}'].tolist()


def test_every_weight_has_its_place(official):
    official['feature_extractor.features.0.weight'] = torch.ones(64, 3, 11, 11)
    official['feature_extractor.classifier.6.bias'] = torch.ones(1000)
    weights = convert_differnet_checkpoint(dict(state_dict=official))
    features = {k: v for k, v in weights.items() if k.startswith('core.feature')}
    assert list(features) == ['core.feature_extractor.backbone.features.0.weight']
    flow = NormalizingFlow(12, num_blocks=3, hidden_channels=16)
    found = {
        name.removeprefix('core.flow.')
        for name in weights
        if name.startswith('core.flow.')
    }
    assert found == flow.state_dict().keys()
    calibration = ScoreCalibration()
    names = {f'calibration.{name}' for name in calibration.state_dict()}
    assert weights.keys() - features.keys() - names == {f'core.flow.{n}' for n in found}
    calibration.load_state_dict(
        {name.removeprefix('calibration.'): weights[name] for name in names}
    )
    assert not calibration.is_known


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda d: d.update({'nf.other.weight': torch.ones(1)}), "'nf.other.weight'"),
        (lambda d: d.clear(), 'found couplings at \\[\\]'),
        (
            lambda d: [d.pop(name) for name in list(d) if '.2.s1' in name],
            'found couplings at \\[4, 6\\]',
        ),
    ],
)
def test_other_weights_are_refused(official, change, message):
    change(official)
    with pytest.raises(ValueError, match=message):
        convert_differnet_checkpoint(official)


def test_tool(official, tmp_path):
    source, target = tmp_path / 'official.pth', tmp_path / 'ours.pth'
    torch.save(official, source)
    run = [sys.executable, TOOL, source, target]
    subprocess.run(run, check=True, capture_output=True)
    assert torch.load(target)['state_dict'].keys() == (
        convert_differnet_checkpoint(official).keys()
    )
    again = subprocess.run(run, capture_output=True, text=True)
    assert again.returncode == 2 and 'exists, name a new file' in again.stderr
