# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.models.backbones import StridedConvNet
from mmacnn.models.heads import NormedLinearClsHead
from mmacnn.models.necks import SpatialTransformerNeck
from mmacnn.models.necks.spatial_transformer import SAMPLERS


@pytest.mark.parametrize(
    ('stem', 'stages', 'shape'),
    [
        ((4, 4), ((8, 2, (1, 4)),), (8, 8, 12)),
        ((2, 3), ((8, 2, ()), (12, 2, (1,))), (12, 8, 12)),
        ((4, 6), (), (16, 16, 24)),
    ],
)
def test_strided_conv_net_shape(stem, stages, shape):
    net = StridedConvNet(stem_stride=stem[0], stem_kernel=stem[1], stages=stages)
    (feature,) = net(torch.rand(2, 3, 64, 96))
    assert feature.shape == (2, *shape)
    assert net.out_channels == shape[0]


def test_dilated_blocks_keep_the_position():
    """The answer to a point lies at its cell, not shifted by the dilation."""
    net = StridedConvNet(stages=((8, 2, (1, 2, 4)),)).eval()
    image = torch.zeros(1, 3, 128, 128)
    base = net(image)[0]
    image[:, :, 66:70, 66:70] = 1
    change = (net(image)[0] - base).abs().sum(1)[0]
    row, column = divmod(change.argmax().item(), change.shape[1])
    assert abs(row - 8) <= 1 and abs(column - 8) <= 1


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(roi_size=(0, 8), output_size=(8, 8)), 'roi_size'),
        (dict(roi_size=(8, 8), output_size=(8,)), 'output_size'),
        (dict(roi_size=(8, 8), output_size=(8, 8), sampler='nearest'), 'nearest'),
    ],
)
def test_neck_names_the_bad_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        SpatialTransformerNeck(**arguments)


def test_deterministic_neck_takes_the_deterministic_sampler(monkeypatch):
    neck = SpatialTransformerNeck(roi_size=(8, 12), output_size=(16, 24))
    image, centre = torch.rand(2, 3, 32, 48), torch.rand(2, 2)
    expected = neck(image, centre)
    monkeypatch.setattr(torch, 'are_deterministic_algorithms_enabled', lambda: True)
    monkeypatch.setitem(SAMPLERS, 'grid_sample', None)
    torch.testing.assert_close(neck(image, centre), expected, atol=1e-5, rtol=0)


def test_normalized_crop_does_not_show_the_exposure():
    neck = SpatialTransformerNeck(
        roi_size=(8, 12), output_size=(16, 24), norm_cfg=dict(type='IN', eps=1e-6)
    )
    image = torch.rand(2, 3, 32, 48)
    centre = torch.full((2, 2), 0.5)
    crop = neck(image, centre)
    gain = torch.tensor([0.5, 2.0, 3.0]).view(3, 1, 1)
    torch.testing.assert_close(
        neck(gain * image + 0.3, centre), crop, atol=0.01, rtol=0
    )
    torch.testing.assert_close(crop.mean((2, 3)), torch.zeros(2, 3), atol=1e-5, rtol=0)


def test_head_takes_the_class_from_images_that_have_one():
    head = NormedLinearClsHead(num_classes=3, in_channels=4)
    feats = (torch.randn(3, 4),)
    samples = [DataSample().set_gt_label(2), DataSample(), DataSample().set_gt_label(0)]
    losses = head.loss(feats, samples)
    expected = torch.nn.functional.cross_entropy(
        head(feats)[[0, 2]], torch.tensor([2, 0])
    )
    torch.testing.assert_close(losses['loss'], expected)


def test_head_without_any_class_is_zero_and_connected():
    head = NormedLinearClsHead(num_classes=3, in_channels=4)
    loss = head.loss((torch.randn(1, 4),), [DataSample()])['loss']
    loss.backward()
    assert loss == 0 and head.fc.weight.grad.eq(0).all()


def test_head_bears_a_batch_of_one_in_training():
    head = NormedLinearClsHead(num_classes=3, in_channels=4).train()
    before = head.norm.running_mean.clone()
    score = head((torch.randn(1, 4),))
    score.sum().backward()
    assert head.fc.weight.grad.isfinite().all()
    assert head.norm.running_mean.equal(before)


def test_head_normalizes_what_all_images_share():
    head = NormedLinearClsHead(num_classes=3, in_channels=4).train()
    feature = head.pre_logits((10 + 0.1 * torch.randn(64, 4),))
    torch.testing.assert_close(feature.mean(0), torch.zeros(4), atol=1e-3, rtol=0)
    assert feature.std(0).min() > 0.5
