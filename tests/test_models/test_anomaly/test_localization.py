# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.models.anomaly import GradCAMMap, GradientMap
from mmacnn.models.anomaly.likelihood import negative_log_likelihood

PLAIN = dict(type='mmacnn.RotatedViews', num_test=1)
KINDS = pytest.mark.parametrize(
    'kind', [dict(type='mmacnn.GradientMap', sigma=1.0), dict(type='mmacnn.GradCAMMap')]
)


@KINDS
@pytest.mark.parametrize('size', [(32, 32), (24, 40)])
def test_maps_lie_on_the_image(build, kind, size):
    model = build(saliency=kind).eval()
    with torch.no_grad():
        maps = model.core.saliency(model.core, torch.randn(2, 3, *size))
    assert maps.shape == (2, *size) and not maps.requires_grad
    assert (maps >= 0).all() and maps.isfinite().all() and maps.max() > 0


@KINDS
def test_the_model_stays_as_it_was(build, images, kind):
    model = build(saliency=kind)
    model.eval()
    before = {name: value.clone() for name, value in model.named_parameters()}
    hooks = sum(len(m._forward_hooks) for m in model.modules())
    model.core.saliency(model.core, images)
    assert all(torch.equal(v, before[k]) for k, v in model.named_parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert sum(len(m._forward_hooks) for m in model.modules()) == hooks


@KINDS
def test_maps_follow_quarter_turns_of_the_image(build, images, kind):
    views = dict(type='mmacnn.RotatedViews', num_test=4)
    model = build(saliency=kind, views=views).double().eval()
    images = images.double()
    maps = model.core.saliency(model.core, images)
    turned = model.core.saliency(model.core, images.rot90(1, (2, 3)))
    torch.testing.assert_close(turned, maps.rot90(1, (1, 2)))


def test_gradient_map_is_the_gradient(build, images):
    model = build(views=PLAIN, saliency=dict(type='mmacnn.GradientMap', sigma=0.05))
    model.eval()
    images.requires_grad_()
    negative_log_likelihood(*model.core.latent(images)).sum().backward()
    expected = images.grad.abs().sum(1)
    torch.testing.assert_close(
        model.core.saliency(model.core, images.detach()), expected
    )


def test_gradient_map_is_smooth(build, images):
    sharp, smooth = (GradientMap(sigma) for sigma in (0.1, 2.0))
    model = build(views=PLAIN).core.eval()

    def roughness(maps):
        return maps.diff(dim=1).abs().sum() / maps.sum()

    assert roughness(smooth(model, images)) < 0.5 * roughness(sharp(model, images))


def test_gradient_map_is_smoothed_in_single_precision(build, images):
    """In bfloat16 on a CPU the filter alone takes minutes, and it rounds the map."""
    model = build(views=PLAIN).core
    with torch.autocast('cpu', torch.bfloat16):
        found = GradientMap(2.0).of_views(model, images)
    assert found.dtype == torch.float32
    expected = GradientMap(2.0).of_views(model, images)
    assert (found - expected).abs().mean() < 0.1 * expected.mean()


def test_grad_cam_is_linear_in_the_features(build, differnet_cfg, images):
    # Features are means, so the gradient is the same everywhere, and the map is the
    # sum of the feature maps, weighed by it.
    extractor = dict(differnet_cfg['feature_extractor'], scales=(32,))
    flow = dict(differnet_cfg['flow'], in_channels=8)
    model = build(feature_extractor=extractor, flow=flow, views=PLAIN).core.eval()
    found = GradCAMMap()(model, images)
    (maps,) = model.feature_extractor.maps(images)
    features = maps.mean((2, 3)).detach().requires_grad_()
    negative_log_likelihood(*model.flow(features)).sum().backward()
    weights = features.grad[..., None, None] / maps[0, 0].numel()
    cam = (weights * maps).sum(1).relu()
    assert found.amax((1, 2)) == pytest.approx(cam.amax((1, 2)).tolist(), rel=1e-4)


def test_a_fraction_of_the_views_is_enough(build, images):
    counted = []
    saliency = GradientMap(1.0, num_views=2)
    of_views = saliency.of_views
    saliency.of_views = lambda m, v: counted.append(len(v)) or of_views(m, v)
    saliency(build().core.eval(), images)
    assert sum(counted) == 2 * len(images)


def test_missing_package_is_one_line(monkeypatch):
    monkeypatch.setattr(
        'mmacnn.models.anomaly.localization.find_spec', lambda name: None
    )
    with pytest.raises(ValueError, match='pip install grad-cam'):
        GradCAMMap()


@pytest.mark.parametrize(
    ('options', 'message'),
    [(dict(sigma=0), 'sigma is 0'), (dict(num_views=0), 'num_views is 0')],
)
def test_settings_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        GradientMap(**options)
