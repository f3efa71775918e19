# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.losses import CrossEntropyLoss
from mmpretrain.structures import DataSample

from mmacnn.models.heads import CAMHead
from mmacnn.models.losses import BinaryFocalLoss


def make_head(num_classes=2, **settings):
    torch.manual_seed(0)
    head = CAMHead(num_classes, in_channels=6, **settings)
    head.place_cells(stride=8, offset=4)
    torch.nn.init.normal_(head.fc.weight)
    torch.nn.init.normal_(head.fc.bias)
    return head


def labelled(*labels):
    return [DataSample().set_gt_label(label) for label in labels]


@pytest.mark.parametrize('num_classes', [2, 3])
def test_mean_of_the_maps_is_the_logits(num_classes):
    head = make_head(num_classes)
    features = torch.randn(4, 6, 5, 7)
    logits = head((features,))
    torch.testing.assert_close(head.activation_map((features,)).mean((2, 3)), logits)
    torch.testing.assert_close(logits, head.fc(features.mean((2, 3))))


def test_two_classes_share_a_logit():
    head = make_head()
    features = torch.randn(3, 6, 5, 7)
    samples = head.predict((features,))
    for sample, logit in zip(samples, head((features,))[:, 0], strict=True):
        expected = torch.stack((1 - logit.sigmoid(), logit.sigmoid()))
        torch.testing.assert_close(sample.pred_score, expected)
        assert sample.pred_label == int(logit > 0)
        assert sample.pred_cam.shape == (1, 5, 7)
        assert sample.pred_heatmap.shape == (40, 56)


def test_more_classes_have_a_map_each():
    head = make_head(3)
    features = torch.randn(2, 6, 5, 7)
    samples = head.predict((features,), labelled(0, 1))
    for sample, logits in zip(samples, head((features,)), strict=True):
        torch.testing.assert_close(sample.pred_score, logits.softmax(0))
        assert sample.pred_cam.shape == (3, 5, 7)
        # The cells' centres lie between pixels 3 and 4 of each 8.
        shown = sample.pred_heatmap.view(5, 8, 7, 8)[:, 3:5, :, 3:5].mean((1, 3))
        nearest = (sample.pred_cam - shown).abs().amax((1, 2)).argmin()
        assert nearest == sample.pred_label == logits.argmax()


def test_heatmap_covers_the_input_and_the_mask_follows_the_threshold():
    head = make_head(map_threshold=0.7)
    sample = DataSample(metainfo=dict(img_shape=(37, 52)))
    (sample,) = head.predict((torch.randn(1, 6, 5, 7),), [sample])
    assert sample.pred_heatmap.shape == (37, 52)
    assert sample.pred_mask.equal(sample.pred_heatmap > 0.7)
    assert 0 < sample.pred_mask.sum() < sample.pred_mask.numel()


def test_loss_of_two_classes_is_the_focal_loss():
    head = make_head()
    features = torch.randn(3, 6, 5, 7)
    losses = head.loss((features,), labelled(1, 0, 1))
    p = head((features,))[:, 0].sigmoid()
    p_true = torch.stack((p[0], 1 - p[1], p[2]))
    expected = (-((1 - p_true) ** 2) * p_true.log()).mean()
    torch.testing.assert_close(losses, dict(loss=expected))


def test_positive_weight_balances_the_classes():
    logits = torch.tensor([[0.0], [0.0]])
    target = torch.tensor([[1.0], [0.0]])
    loss = BinaryFocalLoss(gamma=0.0, positive_weight=0.8, loss_weight=1.0)
    both = [loss(logits[i : i + 1], target[i : i + 1]).item() for i in range(2)]
    assert both[0] / both[1] == pytest.approx(4)
    with pytest.raises(ValueError, match=r'positive_weight is 1\.5'):
        BinaryFocalLoss(positive_weight=1.5)


def test_loss_of_more_classes_is_the_cross_entropy():
    head = make_head(3)
    assert isinstance(head.loss_module, CrossEntropyLoss)
    features = torch.randn(2, 6, 5, 7)
    expected = F.cross_entropy(head((features,)), torch.tensor([2, 0]))
    torch.testing.assert_close(
        head.loss((features,), labelled(2, 0)), dict(loss=expected)
    )


@pytest.mark.parametrize('shape', [(2, 6), (2, 5, 4, 4)])
def test_features_that_are_no_map_or_too_narrow(shape):
    with pytest.raises(ValueError, match=r'expected \(batch, 6, height, width\)'):
        make_head()((torch.randn(shape),))


def test_one_class_is_too_few():
    with pytest.raises(ValueError, match='num_classes is 1, expected 2 or more'):
        CAMHead(1, 8)


@pytest.mark.parametrize(
    ('settings', 'expected'),
    [
        (dict(pooling='mean'), lambda x: x.mean()),
        (
            dict(pooling='log-sum-exp', sharpness=3.0),
            lambda x: (3 * x).exp().mean().log() / 3,
        ),
    ],
)
def test_pooling(settings, expected):
    head = make_head(**settings)
    features = torch.randn(3, 6, 5, 7)
    for cam, logit in zip(
        head.activation_map((features,)), head((features,)), strict=True
    ):
        torch.testing.assert_close(logit[0], expected(cam.flatten()))


def masked(*pairs):
    """Samples of 40x56 pixels with a label and a mask, None where it is unknown."""
    samples = labelled(*(label for label, _ in pairs))
    for sample, (_, mask) in zip(samples, pairs, strict=True):
        sample.set_metainfo(dict(img_shape=(40, 56)))
        if mask is not None:
            sample.set_field(mask, 'gt_seg_map')
    return samples


def test_pixels_count_where_they_are_known():
    head = make_head(mask_loss=dict(type='mmacnn.MaskLoss', dice_weight=0.5))
    features = torch.randn(3, 6, 5, 7)
    mask = np.zeros((40, 56), np.uint8)
    mask[8:20, 30:50] = 1
    losses = head.loss((features,), masked((0, None), (1, mask), (1, None)))
    heat = torch.stack([s.pred_heatmap for s in head.predict((features,))])[:2]
    target = torch.stack((torch.zeros(40, 56), torch.from_numpy(mask).float()))
    pixel = F.binary_cross_entropy_with_logits(heat, target)
    torch.testing.assert_close(losses['loss_pixel'], pixel)
    shown = heat[1].sigmoid()
    dice = (2 * (shown * target[1]).sum() + 1) / (shown.sum() + mask.sum() + 1)
    torch.testing.assert_close(losses['loss_dice'], 0.5 * (1 - dice))
    assert losses['loss'] == make_head().loss((features,), labelled(0, 1, 1))['loss']


def test_drawn_defects_teach_where_and_not_what():
    head = make_head(mask_loss=dict(type='mmacnn.MaskLoss'))
    features = torch.randn(3, 6, 5, 7)
    mask = np.zeros((40, 56), np.uint8)
    mask[8:20, 30:50] = 1
    samples = masked((0, mask), (1, None), (0, None))
    losses = head.loss((features,), samples)
    others = make_head().loss((features[1:],), labelled(1, 0))
    assert losses['loss'] == others['loss']
    assert losses['loss_dice'] > 0
    samples[0].gt_label = torch.tensor([1])
    as_defective = head.loss((features,), samples)
    assert losses['loss_pixel'] == as_defective['loss_pixel']
    assert losses['loss'] != as_defective['loss']
    samples[0].gt_label = torch.tensor([0])
    alone = head.loss((features[:1],), samples[:1])
    assert alone['loss'] == 0 and alone['loss_pixel'] > 0
    sum(alone.values()).backward()


def test_no_mask_in_a_batch():
    head = make_head(mask_loss=dict(type='mmacnn.MaskLoss'))
    losses = head.loss((torch.randn(2, 6, 5, 7),), masked((1, None), (1, None)))
    assert losses['loss_pixel'] == losses['loss_dice'] == 0
    sum(losses.values()).backward()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(mask_loss=dict(type='mmacnn.MaskLoss')), 'num_classes is 3 with mask_lo'),
        (dict(pooling='max'), "pooling is 'max', expected one of mean, log-sum-exp"),
        (dict(sharpness=0), 'sharpness is 0, expected'),
    ],
)
def test_mistakes(settings, message):
    with pytest.raises(ValueError, match=message):
        make_head(3, **settings)


def test_losses_leave_the_padding_out():
    """Whatever stands there, and as the images' own means."""
    head = make_head(pooling='log-sum-exp', mask_loss=dict(type='mmacnn.MaskLoss'))
    sizes = [(24, 40), (40, 32)]
    samples = labelled(0, 1)
    for sample, size in zip(samples, sizes, strict=True):
        sample.set_metainfo(dict(img_shape=size))
    mask = torch.zeros(40, 32, dtype=torch.uint8)
    mask[4:12, 4:12] = 1
    samples[1].set_field(mask, 'gt_seg_map')
    features = torch.randn(2, 6, 5, 5)
    losses = head.loss((features,), samples)
    alone = [
        head.loss((features[:1, :, :3],), samples[:1]),
        head.loss((features[1:, :, :, :4],), samples[1:]),
    ]
    image = (alone[0]['loss'] + alone[1]['loss']) / 2
    torch.testing.assert_close(losses['loss'], image)
    torch.testing.assert_close(losses['loss_dice'], alone[1]['loss_dice'])
    counts = torch.tensor([24.0 * 40, 40 * 32])
    pixel = torch.stack([each['loss_pixel'] for each in alone])
    torch.testing.assert_close(losses['loss_pixel'], counts @ pixel / counts.sum())
    features[0, :, 3:] = features[1, :, :, 4:] = 9
    for name, value in head.loss((features,), samples).items():
        torch.testing.assert_close(value, losses[name])
