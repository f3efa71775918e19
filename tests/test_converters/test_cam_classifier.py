# Copyright (c) mmacnn authors. All rights reserved.
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmacnn.converters import classifier_to_cam
from mmacnn.engine.config import load_config
from mmacnn.registry import MODELS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def classifier(tiny_config):
    """The config of a small ResNet, the network with random weights, and images."""
    cfg = load_config(str(tiny_config))
    cfg.model.head.num_classes = 3
    torch.manual_seed(0)
    return cfg, build(cfg), torch.randn(2, 3, 64, 96)


def build(cfg):
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    model.eval()
    return model


def as_cam(cfg, model):
    new_cfg, weights = classifier_to_cam(cfg, model.state_dict())
    converted = build(new_cfg)
    converted.load_state_dict(weights)
    return converted


def linear_layer_at_every_position(model, images):
    features = model.backbone(images)[-1]
    return model.head.fc(features.movedim(1, -1)).movedim(-1, 1)


def scores(model, images):
    return torch.stack([s.pred_score for s in model(images, mode='predict')])


def test_scores_stay_and_maps_are_those_of_the_classifier(classifier):
    cfg, model, images = classifier
    converted = as_cam(cfg, model)
    torch.testing.assert_close(scores(converted, images), scores(model, images))
    maps = torch.stack([s.pred_cam for s in converted(images, mode='predict')])
    torch.testing.assert_close(maps, linear_layer_at_every_position(model, images))


def test_of_two_classes_the_difference_stays(classifier):
    cfg, _, images = classifier
    cfg.model.head.num_classes = 2
    model = build(cfg)
    converted = as_cam(cfg, model)
    torch.testing.assert_close(scores(converted, images), scores(model, images))
    maps = torch.stack([s.pred_cam for s in converted(images, mode='predict')])
    both = linear_layer_at_every_position(model, images)
    torch.testing.assert_close(maps, both[:, 1:] - both[:, :1])


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (
            {'model.neck': dict(type='GeneralizedMeanPooling')},
            'model.neck is GeneralizedMeanPooling, expected GlobalAveragePooling',
        ),
        (
            {'model.head.type': 'StackedLinearClsHead', 'model.head.mid_channels': [8]},
            'model.head is StackedLinearClsHead, expected LinearClsHead',
        ),
        (
            {
                'model.backbone': dict(
                    _delete_=True,
                    type='ConvNeXt',
                    arch=dict(depths=[1] * 4, channels=[4, 8, 16, 32]),
                )
            },
            'model.backbone: ConvNeXt: found features of shape',
        ),
        ({'model.head.in_channels': 16}, 'weights do not fit its model: size mismatch'),
    ],
)
def test_classifiers_without_such_a_map(classifier, settings, message):
    cfg, model, _ = classifier
    cfg.merge_from_dict(settings)
    with pytest.raises(ValueError, match=message) as error:
        classifier_to_cam(cfg, model.state_dict())
    assert 'tiny.py' in str(error.value)


def run(*command):
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_tool_writes_what_can_be_tested(tiny_config, tmp_path):
    model = build(load_config(str(tiny_config)))
    torch.save(model.state_dict(), tmp_path / 'weights.pth')
    tool = ROOT / 'tools/model_converters/classifier_to_cam.py'
    command = [sys.executable, tool, tiny_config, tmp_path / 'weights.pth']
    done = run(*command, tmp_path / 'out')
    assert done.returncode == 0, done.stderr
    assert 'tiny_cam.py and .pth' in done.stdout
    cfg = Config.fromfile(tmp_path / 'out/tiny_cam.py')
    weights = torch.load(tmp_path / 'out/tiny_cam.pth')['state_dict']
    converted = build(cfg)
    converted.load_state_dict(weights)
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(scores(converted, images), scores(model, images))

    again = run(*command, tmp_path / 'out')
    assert again.returncode == 2
    assert 'expected a new or empty folder' in again.stderr
