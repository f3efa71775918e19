# Copyright (c) mmacnn authors. All rights reserved.
import pytest

from mmacnn.engine.config import load_config

CONFIG = """
custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)
default_scope = {scope!r}
model = dict(
    type='mmdet.FasterRCNN',
    backbone=dict(
        type={backbone!r},
        depth={depth},
        plugins=[
            dict(cfg=dict(type='ContextBlock', ratio=0.1), position='after_conv1'),
            dict(cfg=dict(type='mmacnn.SpatialAttentionEncoder'), position={place!r}),
        ],
    ),
)
"""


@pytest.fixture
def write_config(tmp_path):
    def write(backbone, depth=50, position='after_conv2', scope='mmdet'):
        path = tmp_path / 'canet.py'
        path.write_text(
            CONFIG.format(backbone=backbone, depth=depth, place=position, scope=scope)
        )
        return str(path)

    return write


@pytest.mark.parametrize(
    ('backbone', 'depth'),
    [
        ('mmdet.ResNet', 50),
        ('ResNet', 101),
        ('mmdet.ResNeXt', 50),
        ('mmacnn.PluginResNet', 18),
    ],
)
def test_backbone_with_that_position(write_config, backbone, depth):
    assert load_config(write_config(backbone, depth)).model.backbone.depth == depth


def test_unknown_type_is_for_the_registry_to_name(write_config):
    load_config(write_config('mmdet.Absent'))


@pytest.mark.parametrize('position', ['after_conv4', None])
def test_unknown_position(write_config, position):
    path = write_config('mmdet.ResNet', position=position)
    with pytest.raises(ValueError) as error:
        load_config(path)
    assert str(error.value) == (
        f'{path}: model.backbone.plugins[1].position: found {position!r}, expected '
        "'after_conv1' or 'after_conv2' or 'after_conv3'"
    )


@pytest.mark.parametrize(
    ('backbone', 'depth', 'scope'),
    [
        ('mmdet.ResNet', 18, 'mmdet'),
        ('mmdet.CSPNeXt', 50, 'mmdet'),
        ('mmpretrain.ResNet', 50, 'mmdet'),
        ('ResNet', 50, 'mmpretrain'),
    ],
)
def test_backbone_without_plugins(write_config, backbone, depth, scope):
    path = write_config(backbone, depth, scope=scope)
    with pytest.raises(ValueError) as error:
        load_config(path)
    assert str(error.value) == (
        f'{path}: model.backbone.plugins: found {backbone} of depth {depth}, which '
        'takes none, expected mmacnn.PluginResNet or another backbone that takes '
        'plug-ins'
    )
