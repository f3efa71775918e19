# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.utils import InputError

SCORED = {'pred_anomaly_score'}
DECIDED = SCORED | {'pred_label', 'pred_score'}
SHOWN = DECIDED | {'pred_heatmap', 'pred_mask'}


def calibrated(model, scores=(0.5, 1.0, 1.5, 2.0)):
    scores = torch.tensor(scores)
    model.calibration.fit(scores, torch.zeros(len(scores)), scores / 10)
    return model.eval()


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr('mmacnn.models.anomaly.detector._warn', said.append)
    return said


def test_loss_is_the_likelihood_of_random_views(build, images):
    model = build(views=dict(type='mmacnn.RotatedViews', num_train=2, degrees=0))
    features = model.core.feature_extractor(images)
    z, log_det = model.core.flow(features)
    expected = (0.5 * (z**2).sum(1) - log_det).mean() / 16
    torch.testing.assert_close(model(images, mode='loss')['loss'], expected)


def test_flow_and_attention_learn_the_rest_is_frozen(build, differnet_cfg, images):
    extractor = dict(
        type='mmacnn.MultiScaleFeatures',
        backbone=dict(
            type='mmacnn.PluginAlexNet',
            plugins=[dict(cfg=dict(type='mmacnn.SE'), position='after_relu')],
        ),
        scales=(64,),
        trainable=('se',),
    )
    flow = dict(differnet_cfg['flow'], in_channels=256)
    model = build(feature_extractor=extractor, flow=flow)
    model(torch.randn(2, 3, 64, 64), mode='loss')['loss'].backward()
    learning = {name for name, p in model.named_parameters() if p.grad is not None}
    assert {name for name in learning if 'backbone' in name}
    assert all('backbone.se' in name or 'flow' in name for name in learning)
    assert all(
        name in learning for name, _ in model.named_parameters() if 'flow' in name
    )


def test_it_learns_what_good_looks_like(build):
    torch.manual_seed(0)
    good = torch.randn(8, 3, 32, 32)
    bad = good.clone()
    bad[:, :, 10:18, 12:20] = 4.0
    model = build(views=dict(type='mmacnn.RotatedViews', num_train=1, num_test=1))
    optimizer = torch.optim.Adam(model.core.flow.parameters(), lr=2e-3)
    first = None
    for _ in range(120):
        optimizer.zero_grad()
        loss = model(good + 0.3 * torch.randn_like(good), mode='loss')['loss']
        first = float(loss) if first is None else first
        loss.backward()
        optimizer.step()
    model.eval()
    assert float(loss) < first - 0.3
    assert model(bad).min() > model(good).max()


def test_score_is_the_mean_of_z_squared(build, images):
    model = build().eval()
    found = model(images)
    views = model.core.views.fixed(images, range(8)).flatten(0, 1)
    z, _ = model.core.latent(views)
    torch.testing.assert_close(found, z.view(2, -1).square().mean(1))


@pytest.mark.parametrize('views_at_once', [1, 3, 8, 100])
def test_score_does_not_depend_on_the_chunks(build, images, views_at_once):
    found = build(views_at_once=views_at_once).eval()(images)
    torch.testing.assert_close(found, build().eval()(images))


@pytest.mark.parametrize('size', [(32, 32), (24, 40)])
def test_predictions(build, size):
    model = calibrated(build())
    images = torch.randn(3, 3, *size)
    with torch.no_grad():
        samples = model(images, mode='predict')
    raw = model(images)
    for sample, score in zip(samples, raw, strict=True):
        assert set(sample.keys()) == SHOWN
        torch.testing.assert_close(sample.pred_anomaly_score, score[None])
        assert sample.pred_label.tolist() == [int(score > 2.0)]
        assert sample.pred_score.sum() == pytest.approx(1)
        assert sample.pred_heatmap.shape == sample.pred_mask.shape == size
        assert torch.equal(sample.pred_mask, sample.pred_heatmap > 0)


def test_predictions_are_added_to_the_samples_that_are_given(build, images):
    given = [DataSample().set_gt_label(1) for _ in images]
    found = calibrated(build(saliency=None))(images, given, mode='predict')
    assert [a is b for a, b in zip(given, found, strict=True)] == [True, True]
    assert set(found[0].keys()) == DECIDED | {'gt_label'}


def test_without_a_threshold_there_are_raw_scores(build, images, warnings):
    model = build().eval()
    for _ in range(2):
        samples = model(images, mode='predict')
    assert set(samples[0].keys()) == SCORED
    assert len(warnings) == 1 and 'has no threshold' in warnings[0]


def test_prediction_in_inference_mode(build, images):
    model = calibrated(build())
    with torch.inference_mode():
        samples = model(images, mode='predict')
    assert samples[0].pred_heatmap.isfinite().all()


def test_checkpoints_hold_the_calibration(build, images):
    model = calibrated(build())
    other = build()
    assert not other.calibration.is_known
    other.load_state_dict(model.state_dict())
    assert other.calibration.is_known
    assert other.calibration.threshold == model.calibration.threshold
    assert torch.equal(other.calibration.good_scores, model.calibration.good_scores)


def test_training_on_random_features_is_said_once(build, images, warnings):
    model = build()
    for _ in range(2):
        model(images, mode='loss')
    assert len(warnings) == 1 and 'random features' in warnings[0]


def test_loaded_features_are_not_called_random(build, images, warnings, tmp_path):
    from mmengine.runner import load_checkpoint

    torch.save(build().state_dict(), tmp_path / 'weights.pth')
    model = build()
    load_checkpoint(model, str(tmp_path / 'weights.pth'), 'cpu', logger='silent')
    model(images, mode='loss')
    assert not warnings


def test_nan_is_one_line(build, images):
    images[0, 0, 3, 3] = float('nan')
    samples = [DataSample(metainfo=dict(img_path=name)) for name in ('a.png', 'b.png')]
    for mode in ('loss', 'predict'):
        with pytest.raises(InputError, match='a.png, b.png: found a .* that is NaN'):
            build()(images, samples, mode=mode)
    with pytest.raises(InputError, match='^DifferNet: found a score'):
        build()(images)


def test_number_of_features_is_checked(build, differnet_cfg, images):
    flow = dict(differnet_cfg['flow'], in_channels=12)
    with pytest.raises(ValueError, match='flow.in_channels is 12, expected 16'):
        build(flow=flow)(images)


def test_unknown_mode(build, images):
    with pytest.raises(ValueError, match="mode: found 'train'"):
        build()(images, mode='train')
