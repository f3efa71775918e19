# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import DefaultScope

from mmacnn.models.anomaly import FeatureMaps
from mmacnn.utils import InputError

BACKBONE = dict(
    type='mmacnn.StridedConvNet', stem_channels=8, stages=[(8, 2, (1,)), (8, 2, (1,))]
)


def build(**changes):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return FeatureMaps(**dict(backbone=BACKBONE) | changes)


@pytest.fixture
def images():
    torch.manual_seed(1)
    return torch.randn(3, 3, 32, 32)


def counted(extractor):
    calls = []
    run = extractor.run_backbone
    extractor.run_backbone = lambda images: calls.append(len(images)) or run(images)
    return calls


def test_vectors_have_length_one(images):
    for features in build()(images):
        lengths = features.square().sum(1)
        assert ((lengths - 1).abs() < 1e-3).logical_or(lengths == 0).all()


@pytest.mark.parametrize('on_disk', [False, True])
def test_features_are_computed_once(images, on_disk, tmp_path):
    extractor = build(cache=str(tmp_path) if on_disk else 'memory').train()
    calls = counted(extractor)
    first = extractor(images)
    second = extractor(images.flip(0))
    assert calls == [3]
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b.flip(0))
    extractor(torch.cat((images[:1], images[:1] + 1)))
    assert calls == [3, 1]
    extractor.eval()(images)
    assert calls == [3, 1, 3]  # Images of a line never come again: nothing is kept.
    with extractor.caching():
        extractor(images)
    assert calls == [3, 1, 3]
    again = build(cache=str(tmp_path) if on_disk else 'memory').train()
    calls = counted(again)
    again(images)
    assert calls == ([] if on_disk else [3])


def test_other_weights_have_other_features(images, tmp_path):
    extractor = build(cache=str(tmp_path)).train()
    before = extractor(images)[0]
    state = {k: v * 1.1 + 0.1 for k, v in extractor.state_dict().items()}
    extractor.load_state_dict(state)
    assert not torch.equal(extractor(images)[0], before)
    assert len(list(tmp_path.iterdir())) == 2


def test_trained_features_are_not_kept(images):
    extractor = build(cache='memory', trainable=('layers.0',)).train()
    calls = counted(extractor)
    extractor(images), extractor(images)
    assert calls == [3, 3]


def test_kernel_sizes_are_checked(images):
    with pytest.raises(InputError, match='kernel_sizes is 2, expected odd'):
        build(kernel_sizes=2)
    with pytest.raises(InputError, match='kernel_sizes has 5 numbers'):
        build(kernel_sizes=(1,) * 5)(images)
