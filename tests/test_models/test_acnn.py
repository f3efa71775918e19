# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.logging import MessageHub

from mmacnn.registry import MODELS


@pytest.fixture
def images():
    return torch.rand(3, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def backward(losses):
    sum(value for name, value in losses.items() if 'loss' in name).backward()


def gradients(module):
    return [p.grad for p in module.parameters()]


def shown_centres(model):
    """A list that gets the centres of each batch's crops."""
    shown = []
    model.stn.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[1]))
    return shown


def test_tensor_mode_gives_class_scores(acnn_cfg, images):
    assert MODELS.build(acnn_cfg)(images).shape == (3, 3)


def test_predict_says_what_and_where(acnn_cfg, images, data_samples):
    model = MODELS.build(acnn_cfg).eval()
    with torch.no_grad():
        predictions = model(images, data_samples, mode='predict')
    assert len(predictions) == 3
    for sample in predictions:
        torch.testing.assert_close(sample.pred_score.sum(), torch.tensor(1.0))
        assert sample.pred_label.shape == (1,)
        torch.testing.assert_close(sample.pred_heatmap.sum(), torch.tensor(1.0))
        # The original image is 192 wide and 256 high; the ROI is 24x16 of the input.
        x, y = (sample.pred_centre * torch.tensor([192.0, 256.0])).tolist()
        expected = torch.tensor([x - 24, y - 32, x + 24, y + 32])
        torch.testing.assert_close(sample.pred_roi, expected)


def test_predict_without_data_samples(acnn_cfg, images):
    model = MODELS.build(acnn_cfg).eval()
    roi = model(images, mode='predict')[0].pred_roi
    torch.testing.assert_close(roi[2:] - roi[:2], torch.tensor([24.0, 16.0]))


def test_all_parts_learn(acnn_cfg, images, data_samples):
    model = MODELS.build(acnn_cfg)
    losses = model(images, data_samples, mode='loss')
    assert set(losses) == {'loss', 'loss_localization'}
    backward(losses)
    assert all(g is not None and g.isfinite().all() for g in gradients(model))


@pytest.mark.parametrize('factor', [1.0, 0.0])
def test_classification_alone_reaches_the_localizer(
    acnn_cfg, images, data_samples, factor
):
    model = MODELS.build(dict(acnn_cfg, crop_gradient=factor))
    torch.nn.init.normal_(model.head.fc.weight)
    for sample in data_samples:
        sample.gt_bboxes = torch.zeros(0, 4)
    losses = model(images, data_samples, mode='loss')
    assert losses['loss_localization'] == 0
    backward(losses)
    reached = any(g.abs().sum() > 0 for g in gradients(model.localizer))
    assert reached == (factor > 0)


def test_the_localizer_learns_alone_first(acnn_cfg, images, data_samples):
    model = MODELS.build(dict(acnn_cfg, localize_first=0.5))
    hub = MessageHub.get_instance('localize_first')
    for step, alone in ((0, True), (4, True), (5, False)):
        hub.update_info_dict(dict(iter=step, max_iters=10))
        model.zero_grad()
        losses = model(images, data_samples, mode='loss')
        backward(losses)
        assert (losses['loss'] == 0) == alone and losses['loss_localization'] > 0
        classifier = gradients(model.backbone) + gradients(model.head)
        assert all(grad is not None for grad in classifier)
        assert any(grad.abs().sum() > 0 for grad in classifier) != alone


def test_no_box_in_the_batch_leaves_every_parameter_connected(
    acnn_cfg, images, data_samples
):
    for sample in data_samples:
        sample.gt_bboxes = torch.zeros(0, 4)
    model = MODELS.build(acnn_cfg)
    model(images, data_samples, mode='loss')['loss_localization'].backward()
    assert all(g is not None and g.eq(0).all() for g in gradients(model.localizer))


def test_labelled_image_shows_the_classifier_its_true_roi(
    acnn_cfg, images, data_samples
):
    model = MODELS.build(dict(acnn_cfg, roi_jitter=(0.0, 0.0)))
    shown = shown_centres(model)
    model(images, data_samples, mode='loss')
    found = model.localizer(images).centre[1].tolist()
    expected = [[20 / 96, 25 / 64], found, [70 / 96, 48 / 64]]
    torch.testing.assert_close(shown[0], torch.tensor(expected))


def test_roi_jitter_is_a_fraction_of_the_roi(acnn_cfg, images, data_samples):
    model = MODELS.build(dict(acnn_cfg, roi_jitter=(0.5, 0.25)))
    shown = shown_centres(model)
    for _ in range(100):
        model(images, data_samples, mode='loss')
    centres = torch.stack(shown)[:, 0]
    shift = (centres - torch.tensor([20 / 96, 25 / 64])).abs().amax(0)
    # (vertical 0.5 of 16 px, horizontal 0.25 of 24 px) = (8, 6) px.
    limit = torch.tensor([6 / 96, 8 / 64])
    assert (shift <= limit + 1e-6).all() and (shift > 0.8 * limit).all()


def test_equivariance_loss_is_a_further_loss(acnn_cfg, images, data_samples):
    loss = dict(
        type='mmacnn.EquivarianceLoss', loss=dict(type='mmacnn.HeatmapKLDivLoss')
    )
    model = MODELS.build(dict(acnn_cfg, loss_consistency=loss))
    losses = model(images, data_samples, mode='loss')
    assert losses['loss_consistency'] > 0
    backward(losses)


def test_regression_localizer_starts_near_the_middle(acnn_cfg, images, data_samples):
    acnn_cfg['localizer']['type'] = 'mmacnn.RegressionLocalizer'
    acnn_cfg['loss_localization'] = dict(type='mmacnn.CentreSmoothL1Loss')
    model = MODELS.build(acnn_cfg)
    losses = model(images, data_samples, mode='loss')
    backward(losses)
    assert all(g is not None for g in gradients(model.localizer))
    sample = model.eval()(images, data_samples, mode='predict')[0]
    assert 'pred_heatmap' not in sample
    assert ((sample.pred_centre > 0) & (sample.pred_centre < 1)).all()


def test_samplers_give_the_same_scores(acnn_cfg, images):
    model = MODELS.build(acnn_cfg).eval()
    with torch.no_grad():
        expected = model(images)
        model.stn.sampler = 'separable'
        torch.testing.assert_close(model(images), expected, atol=1e-5, rtol=0)


def test_any_mmpretrain_backbone(acnn_cfg, images, data_samples):
    acnn_cfg['localizer'].update(
        in_channels=512, backbone=dict(type='mmpretrain.ResNet', depth=18)
    )
    acnn_cfg['backbone'] = dict(type='mmpretrain.MobileNetV3', arch='small')
    acnn_cfg['head']['in_channels'] = 576
    model = MODELS.build(acnn_cfg)
    backward(model(images, data_samples, mode='loss'))


def test_unknown_mode(acnn_cfg, images):
    with pytest.raises(ValueError, match="mode: expected 'tensor'.*found 'train'"):
        MODELS.build(acnn_cfg)(images, mode='train')


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast_keeps_the_centre(acnn_cfg, images, dtype):
    torch.manual_seed(0)  # random weights can have two peaks of nearly one height
    localizer = MODELS.build(acnn_cfg).localizer.eval()
    with torch.no_grad():
        # Logits up to some 30, as a trained localizer has.
        localizer.conv.weight *= 30 / localizer(images).logits.abs().max()
        expected = localizer(images)
        with torch.autocast('cpu', dtype):
            found = localizer(images)
    assert found.centre.dtype == torch.float32
    pixels = (found.centre - expected.centre).abs() * torch.tensor([96.0, 64.0])
    assert pixels.max() < 0.5


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast_does_not_overflow(acnn_cfg, images, data_samples, dtype):
    torch.manual_seed(2)
    model = MODELS.build(acnn_cfg)
    with torch.no_grad():
        # Half precision ends at 65 504.
        model.localizer.conv.weight *= 1e5 / model.localizer(images).logits.abs().max()
    with torch.autocast('cpu', dtype):
        localization = model.localizer(images)
        losses = model(images, data_samples, mode='loss')
    assert localization.logits.abs().max() > 65504
    assert localization.centre.isfinite().all()
    assert all(loss.isfinite() for loss in losses.values())
    backward(losses)
    assert all(g.isfinite().all() for g in gradients(model))


@pytest.mark.parametrize('value', [0.0, 1.0, -3.0, 1e4])
@pytest.mark.parametrize('window', [None, 2])
def test_a_constant_image(acnn_cfg, data_samples, value, window):
    """A lid on the lens: the place means nothing, but it is one on the image."""
    torch.manual_seed(0)
    acnn_cfg['localizer']['window'] = window
    model = MODELS.build(acnn_cfg)
    images = torch.full((3, 3, 64, 96), value)
    losses = model(images, data_samples, mode='loss')
    backward(losses)
    assert all(loss.isfinite() for loss in losses.values())
    assert all(g.isfinite().all() for g in gradients(model))
    with torch.no_grad():
        samples = model.eval()(images, mode='predict')
    for sample in samples:
        assert ((sample.pred_centre > 0) & (sample.pred_centre < 1)).all()
        assert torch.equal(sample.pred_centre, samples[0].pred_centre)
        assert sample.pred_heatmap.isfinite().all()
        assert sample.pred_score.isfinite().all()


def test_a_constant_heat_map_is_centred(acnn_cfg, images):
    acnn_cfg['localizer']['window'] = None
    localizer = MODELS.build(acnn_cfg).localizer
    torch.nn.init.zeros_(localizer.conv.weight)
    centre = localizer(images).centre
    torch.testing.assert_close(centre, torch.full((3, 2), 0.5))
    centre.sum().backward()
    assert all(g.isfinite().all() for g in gradients(localizer))
