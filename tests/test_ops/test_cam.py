# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
import torch.nn.functional as F

from mmacnn.ops import class_activation_map, upsample_map


@pytest.mark.parametrize(('batch', 'classes'), [(1, 1), (3, 4)])
def test_mean_of_a_map_is_the_logit(batch, classes):
    features = torch.randn(batch, 8, 5, 7)
    weight, bias = torch.randn(classes, 8), torch.randn(classes)
    maps = class_activation_map(features, weight, bias)
    assert maps.shape == (batch, classes, 5, 7)
    logits = F.linear(features.mean((2, 3)), weight, bias)
    torch.testing.assert_close(maps.mean((2, 3)), logits)
    without = class_activation_map(features, weight)
    torch.testing.assert_close(without.mean((2, 3)) + bias, logits)


def test_gradcheck():
    arguments = [
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((2, 3, 2, 4), (2, 3), (2,))
    ]
    assert torch.autograd.gradcheck(class_activation_map, arguments)


def test_upsampling_edge_to_edge_is_a_plain_resize():
    cam = torch.randn(2, 3, 4, 5)
    upsampled = upsample_map(cam, (32, 40), stride=8, offset=4)
    resized = F.interpolate(cam, (32, 40), mode='bilinear', align_corners=False)
    torch.testing.assert_close(upsampled, resized)


def test_upsampling_puts_a_cell_on_its_centre():
    cam = torch.zeros(1, 1, 3, 4)
    cam[0, 0, 1, 2] = 1.0
    upsampled = upsample_map(cam, (24, 30), stride=8, offset=0.5)[0, 0]
    # The pixels 8 and 16 have their centres at 8.5 and 16.5.
    assert upsampled[8, 16] == 1
    assert upsampled[4, 16] == upsampled[8, 20] == 0.5
    assert upsampled[16, 16] == upsampled[8, 24] == 0


def test_upsampling_extends_the_outermost_cells():
    cam = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)
    upsampled = upsample_map(cam, (3, 16), stride=8, offset=7.5)[0, 0]
    assert (upsampled[:, :8] == 1).all()
    assert (upsampled[:, 15] == 2).all()
