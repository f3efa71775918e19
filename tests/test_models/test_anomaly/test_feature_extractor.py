# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import DefaultScope

from mmacnn.models.anomaly import MultiScaleFeatures

ALEXNET = dict(
    type='mmacnn.PluginAlexNet',
    plugins=[dict(cfg=dict(type='mmacnn.SE'), position='after_relu')],
)
RESNET = dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8)


def extractor(backbone=ALEXNET, **options):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MultiScaleFeatures(backbone, **options)


@pytest.mark.parametrize(('backbone', 'channels'), [(ALEXNET, 256), (RESNET, 64)])
@pytest.mark.parametrize('scales', [(96,), (96, 64), ((64, 96), 64, 80)])
def test_shapes(backbone, channels, scales):
    features = extractor(backbone, scales=scales)
    assert features(torch.rand(2, 3, 96, 96)).shape == (2, channels * len(scales))


def test_features_are_means_over_the_last_maps_of_each_scale():
    images = torch.rand(2, 3, 128, 128)
    model = extractor(scales=(128, 64)).eval()
    small = images[:, :, ::2, ::2]  # 'nearest', as the authors' code resizes
    expected = [model.backbone(x)[0].mean((2, 3)) for x in (images, small)]
    torch.testing.assert_close(model(images), torch.cat(expected, 1))


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'area'])
def test_an_even_image_stays_even(interpolation):
    model = extractor(scales=(64, 48), interpolation=interpolation)
    resized = model.resized(torch.full((1, 3, 64, 64), 3.0))
    assert [tuple(image.shape[2:]) for image in resized] == [(64, 64), (48, 48)]
    torch.testing.assert_close(resized[1], torch.full((1, 3, 48, 48), 3.0))


def test_all_is_frozen_but_what_is_named():
    model = extractor(trainable=('se',), scales=(64,))
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained and all('backbone.se' in name for name in trained)
    assert not any(p.requires_grad for p in extractor(scales=(64,)).parameters())


def test_frozen_normalizations_keep_their_statistics():
    images = torch.rand(4, 3, 64, 64)
    for trainable, changes in (((), False), (('layer4',), True)):
        model = extractor(RESNET, scales=(64,), trainable=trainable)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        model.train()
        model(images)
        changed = {
            name
            for name, value in model.state_dict().items()
            if not torch.equal(value, before[name])
        }
        assert bool(changed) == changes
        assert all('layer4' in name for name in changed)


def test_says_whether_weights_come_with_the_config(tmp_path):
    plain = extractor(scales=(64,))
    path = str(tmp_path / 'alexnet.pth')
    torch.save(plain.backbone.state_dict(), path)
    loaded = dict(ALEXNET, init_cfg=dict(type='Pretrained', checkpoint=path))
    pretrained = extractor(loaded, scales=(64,))
    assert pretrained.is_pretrained and not plain.is_pretrained
    torch.nn.init.zeros_(pretrained.backbone.features[0].weight)
    pretrained.init_weights()
    assert torch.equal(
        pretrained.backbone.features[0].weight, plain.backbone.features[0].weight
    )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(scales=()), 'scales is empty'),
        (dict(interpolation='lanczos'), "interpolation is 'lanczos'"),
        (dict(trainable=('cbam',)), "found 'cbam', expected a part of the names"),
    ],
)
def test_settings_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        extractor(**options)


def test_a_backbone_must_give_a_map():
    model = extractor(dict(type='mmpretrain.ConvNeXt', arch='atto'), scales=(64,))
    with pytest.raises(ValueError, match='ConvNeXt returned no map'):
        model(torch.rand(1, 3, 64, 64))
