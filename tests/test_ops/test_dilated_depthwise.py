# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
import torch.nn.functional as F

from mmacnn.models.backbones import StridedConvNet
from mmacnn.ops import dilated_depthwise


@pytest.mark.parametrize('layout', [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize('dilation', [1, 2, 5, 8])
@pytest.mark.parametrize('size', [(16, 24), (7, 9)])
def test_equals_a_dilated_convolution(layout, dilation, size):
    torch.manual_seed(0)
    x = torch.randn(2, 6, *size).contiguous(memory_format=layout).requires_grad_()
    weight, bias = torch.randn(6, 1, 3, 3), torch.randn(6)
    weight.requires_grad_()
    found = dilated_depthwise(x, weight, bias, dilation)
    expected = F.conv2d(x, weight, bias, 1, dilation, dilation, groups=6)
    torch.testing.assert_close(found, expected)
    gradient = torch.randn_like(expected)
    found = torch.autograd.grad(found, (x, weight), gradient)
    expected = torch.autograd.grad(expected, (x, weight), gradient)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_network_is_the_same_in_training():
    torch.manual_seed(0)
    net = StridedConvNet()
    image = torch.randn(2, 3, 60, 100)
    (training,) = _without_statistics(net, True)(image)
    (testing,) = _without_statistics(net, False)(image)
    torch.testing.assert_close(training, testing, rtol=1e-4, atol=1e-5)


def _without_statistics(net, training):
    """Batch normalization as in testing; all else as told."""
    net.train(training)
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()
    return net
