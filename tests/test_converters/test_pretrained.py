# Copyright (c) mmacnn authors. All rights reserved.
import pickle

import numpy as np
import pytest
import torch
from mmpretrain.models import MobileNetV2
from torchvision.models import alexnet, mobilenet_v2

from mmacnn.converters import (
    convert_efficientnet_lite_checkpoint,
    convert_flax_alexnet,
    convert_mobilenet_v2_checkpoint,
    load_arrays,
)
from mmacnn.models.backbones import EfficientNetLite, PluginAlexNet
from mmacnn.utils import InputError


@pytest.fixture
def flax():
    """A random AlexNet as Flax has it, and torchvision's with the same weights."""
    torch.manual_seed(0)
    model = alexnet().eval()
    convolutions = [m for m in model.features if isinstance(m, torch.nn.Conv2d)]
    layers = {
        f'Conv_{index}': dict(
            kernel=layer.weight.detach().permute(2, 3, 1, 0).numpy().copy(),
            bias=layer.bias.detach().numpy().copy(),
        )
        for index, layer in enumerate(convolutions)
    }
    return {'AlexNet_0': layers}, model


def test_alexnet_computes_what_torchvision_does(flax, tmp_path):
    weights, theirs = flax
    path = tmp_path / 'alexnet.ckpt'
    path.write_bytes(pickle.dumps(weights, protocol=3))
    ours = PluginAlexNet()
    ours.eval()
    missing = ours.load_state_dict(convert_flax_alexnet(load_arrays(str(path))))
    assert not missing.missing_keys
    image = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours(image)[0], theirs.features(image))


def test_a_pickle_that_runs_something_is_refused(tmp_path):
    path = tmp_path / 'crafted.ckpt'
    path.write_bytes(pickle.dumps(dict(a=print), protocol=3))
    with pytest.raises(InputError, match='print, expected arrays alone'):
        load_arrays(str(path))
    path.write_bytes(pickle.dumps([1]))
    with pytest.raises(InputError, match='found a list'):
        load_arrays(str(path))


def test_missing_convolutions_are_named():
    kernel = np.zeros((1, 1, 1, 1))
    layers = {'Conv_0': dict(kernel=kernel, bias=np.zeros(1))}
    with pytest.raises(InputError, match='found Conv_0, expected AlexNet_0 with'):
        convert_flax_alexnet({'AlexNet_0': layers})


def test_mobilenet_v2_computes_what_torchvision_does():
    torch.manual_seed(0)
    theirs, ours = mobilenet_v2().eval(), MobileNetV2()
    ours.eval()
    converted = convert_mobilenet_v2_checkpoint(theirs.state_dict(), prefix='')
    ours.load_state_dict(converted)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(image)[-1], theirs.features(image))
    with pytest.raises(InputError, match="found the weight 'layer1.weight'"):
        convert_mobilenet_v2_checkpoint({'layer1.weight': torch.ones(1)})


@pytest.mark.parametrize(
    ('arch', 'channels', 'blocks'),
    [
        ('lite0', [16, 24, 40, 112, 320, 1280], [1, 2, 2, 6, 5]),
        ('lite1', [16, 24, 40, 112, 320, 1280], [1, 3, 3, 8, 6]),
        ('lite2', [16, 24, 48, 120, 352, 1280], [1, 3, 3, 8, 6]),
    ],
)
def test_sizes_of_efficientnet_lite(arch, channels, blocks):
    model = EfficientNetLite(arch, out_indices=range(1, 7))
    model.eval()
    with torch.no_grad():
        maps = model(torch.randn(1, 3, 64, 64))
    assert [each.shape[1] for each in maps] == channels
    assert [len(layer) for layer in model.layers[1:-1]] == blocks


def test_more_blocks_are_told_from_the_weights():
    names = [f'_blocks.{index}._bn1.weight' for index in range(21)]
    weights = {name: torch.ones(1) for name in names}
    converted = convert_efficientnet_lite_checkpoint(weights, prefix='')
    assert list(converted)[-1] == 'layers.5.5.depthwise_conv.bn.weight'


def test_unknown_arch():
    with pytest.raises(InputError, match="arch is 'lite9'"):
        EfficientNetLite('lite9')
