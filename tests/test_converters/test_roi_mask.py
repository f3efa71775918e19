# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from torch import nn
from torchvision.models import resnet50

from mmacnn.converters import convert_roi_mask_checkpoint

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools/model_converters/roi_mask_official_to_mmacnn.py'
CONFIG = ROOT / 'configs/roi_mask/roi-mask_resnet50_8xb8-10e_coco.py'
NUM_CLASSES = 5


class OfficialNet(nn.Module):
    """The author's network, written after its description."""

    def __init__(self):
        super().__init__()
        self.Net = resnet50(weights=None)
        self.Net.fc = nn.Linear(2048, NUM_CLASSES)
        self.Attentionlayer = nn.Conv2d(1, 64, 3, padding=1)

    def forward(self, image, mask):
        mean = torch.tensor([123.68, 116.779, 103.939]).view(3, 1, 1)
        features = self.Net.conv1((image - mean) / 65)
        mask = F.interpolate(mask, features.shape[2:], mode='bilinear')
        features = self.Net.relu(self.Net.bn1(features + self.Attentionlayer(mask)))
        features = self.Net.maxpool(features)
        for stage in ('layer1', 'layer2', 'layer3', 'layer4'):
            features = getattr(self.Net, stage)(features)
        return self.Net.fc(features.mean((2, 3))).softmax(1)


@pytest.fixture(scope='module')
def official():
    torch.manual_seed(0)
    network = OfficialNet().eval()
    nn.init.normal_(network.Attentionlayer.weight)
    for name, weight in network.named_parameters():
        if name.endswith('bn3.weight'):  # else 16 blocks blow the features up
            nn.init.uniform_(weight, 0.1, 0.3)
    return network


def ours():
    cfg = Config.fromfile(CONFIG)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.backbone.init_cfg = None
    cfg.model.head.num_classes = NUM_CLASSES
    model = MODELS.build(cfg.model)
    model.eval()
    return model


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_same_scores(official, prefix):
    model = ours()
    weights = {f'{prefix}{k}': v for k, v in official.state_dict().items()}
    model.load_state_dict(convert_roi_mask_checkpoint(dict(state_dict=weights)))
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(0, 256, (2, 3, 50, 70), generator=generator)
    mask = torch.zeros(2, 1, 50, 70)
    mask[0, :, 10:30, 20:50] = mask[1, :, 5:9, 3:60] = 1
    inputs = torch.cat((image.flip(1), mask), 1).byte()  # BGR, as OpenCV reads it
    with torch.no_grad():
        expected = official(image.float(), mask)
        samples = model.test_step(dict(inputs=inputs))
    found = torch.stack([sample.pred_score for sample in samples])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert (expected[0] - expected[1]).abs().max() > 1e-3


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(other=1), "found the unknown 'other', expected those of the ROI-mask"),
        ({'Net.fc.weight': None}, "found no 'Net.fc.weight', expected those of the"),
        ({'Attentionlayer.weight': None}, "found no 'Attentionlayer.weight', expected"),
    ],
)
def test_another_checkpoint(official, change, message):
    weights = official.state_dict() | change
    weights = {name: value for name, value in weights.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        convert_roi_mask_checkpoint(weights)


def test_tool(official, tmp_path, monkeypatch, capsys):
    torch.save(official.state_dict(), tmp_path / 'theirs.torch')
    arguments = [str(tmp_path / name) for name in ('theirs.torch', 'ours.pth')]
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *arguments])
    runpy.run_path(str(TOOL), run_name='__main__')
    assert 'ours.pth: ' in capsys.readouterr().out
    checkpoint = torch.load(tmp_path / 'ours.pth', weights_only=True)
    ours().load_state_dict(checkpoint['state_dict'])
    with pytest.raises(SystemExit):
        runpy.run_path(str(TOOL), run_name='__main__')
    assert 'ours.pth exists, name a new file' in capsys.readouterr().err
