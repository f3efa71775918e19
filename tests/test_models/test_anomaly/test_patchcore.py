# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

from mmacnn.models.anomaly import CoresetBank, GaussianBank, PatchDistance
from mmacnn.utils import InputError

EXTRACTOR = dict(
    type='mmacnn.FeatureMaps',
    backbone=dict(type='mmacnn.StridedConvNet', stem_channels=8, stages=[(8, 2, (1,))]),
    cache='memory',
    unit_length=False,
)
BANKS = [
    dict(type='mmacnn.CoresetBank', size=40, num_candidates=200),
    dict(type='mmacnn.GaussianBank', num_features=4),
]


def build(**changes):
    torch.manual_seed(0)
    cfg = dict(
        type='mmacnn.PatchCore',
        feature_extractor=EXTRACTOR,
        data_preprocessor=dict(type='mmpretrain.ClsDataPreprocessor'),
        bank=BANKS[0],
        sigma=1.0,
    )
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build(cfg | changes)


def batch(images, first=0):
    samples = [
        DataSample(metainfo=dict(sample_idx=first + index))
        for index in range(len(images))
    ]
    return dict(inputs=list(images), data_samples=samples)


def learn(model, images):
    model.train()
    model.start(len(images))
    for first in range(0, len(images), 4):
        model.train_step(batch(images[first : first + 4], first))
    return model.fit(), model.eval()


@pytest.fixture
def images():
    torch.manual_seed(1)
    base = torch.randn(3, 24, 24)
    return base + 0.2 * torch.randn(8, 3, 24, 24)


@pytest.mark.parametrize('bank', BANKS)
def test_it_learns_what_good_looks_like_and_where_not(bank, images):
    line, model = learn(build(bank=bank), images)
    assert line.startswith('memory bank: ')
    bad = images[:2].clone()
    bad[:, :, 4:10, 12:18] = 4.0
    with torch.no_grad():
        scores, maps = model.measure(torch.cat((images, bad)))
    assert maps.shape == (10, 24, 24) and scores[-2:].min() > scores[:-2].max()
    row, column = divmod(int((maps[-1] - maps[1]).argmax()), 24)
    assert 0 <= row < 14 and 8 <= column < 22


@pytest.mark.parametrize('bank', BANKS)
def test_checkpoints_hold_the_bank(bank, images):
    _, model = learn(build(bank=bank), images)
    other = build(bank=bank)
    assert not other.core.bank.is_fitted
    other.load_state_dict(model.state_dict())
    assert other.core.bank.is_fitted
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(images), model(images))


def test_held_out_coreset_is_the_bank_without_the_image(images):
    _, model = learn(build(), images)
    bank = model.core.bank
    with torch.no_grad():
        found, _ = model.core.measure_held_out(images[:1], torch.tensor([0]))
        kept = bank.image_indices != 0
        bank.vectors, bank.image_indices = bank.vectors[kept], bank.image_indices[kept]
        expected = model.score(images[:1])
    torch.testing.assert_close(found, expected)


def test_held_out_gaussians_are_those_of_the_others(images):
    settings = dict(type='mmacnn.GaussianBank', num_features=4)
    _, model = learn(build(bank=settings), images)
    _, other = learn(build(bank=settings), images[1:])
    with torch.no_grad():
        found, _ = model.core.measure_held_out(images[:1], torch.tensor([0]))
        expected = other.score(images[:1])
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_calibration_scores_of_learned_images(images):
    _, model = learn(build(), images)
    loader = [batch(images[:4]), batch(images[4:], 4)]
    scores, peaks = model.calibration_scores(loader)
    assert scores.shape == peaks.shape == (8,)
    with torch.no_grad():
        assert (scores >= model.score(images) - 1e-6).all()


def test_candidates_are_equally_many_of_each_image(images):
    bank = CoresetBank(size=10_000, num_candidates=80)
    bank.start(8)
    core = PatchDistance(build().core.feature_extractor, bank)
    with torch.no_grad():
        bank.collect(core.features(images), torch.arange(8))
    bank.fit()
    assert bank.image_indices.bincount().unique().numel() == 1


@pytest.mark.parametrize(
    ('bank', 'message'),
    [
        (CoresetBank(200, 1000, max_bytes=1e4), 'it fits with size='),
        (GaussianBank(max_bytes=1e4), 'it fits with num_features='),
    ],
)
def test_too_large_is_said_before_it_is_built(bank, message):
    bank.start(100)
    with pytest.raises(InputError, match=message):
        bank.collect(torch.randn(1, 8, 12, 12), torch.tensor([0]))


def test_a_bank_of_the_proposed_size_fits():
    bank = CoresetBank(200, 1000, max_bytes=1e5)
    bank.start(100)
    with pytest.raises(InputError, match='it fits with') as caught:
        bank.collect(torch.randn(1, 8, 12, 12), torch.tensor([0]))
    size, candidates = (
        int(str(caught.value).rpartition(f'{name}=')[2].split()[0])
        for name in ('size', 'num_candidates')
    )
    bank = CoresetBank(size, candidates, max_bytes=1e5)
    bank.start(candidates)
    bank.collect(torch.randn(1, 8, 12, 12), torch.tensor([0]))


def test_mistakes_are_one_line(images):
    with pytest.raises(InputError, match='size is 0'):
        CoresetBank(size=0)
    model = build(weights=(1, 2, 3))
    with pytest.raises(InputError, match='weights has 3 numbers, expected 1'):
        model.core.features(images)
    bank = CoresetBank()
    bank.start(1)
    with pytest.raises(InputError, match='found no image'):
        bank.fit()
    gaussians = GaussianBank()
    gaussians.start(2)
    gaussians.collect(torch.randn(1, 8, 4, 4), torch.tensor([0]))
    with pytest.raises(InputError, match='found images of 9 positions'):
        gaussians.collect(torch.randn(1, 8, 3, 3), torch.tensor([1]))
    with pytest.raises(InputError, match='found 1 image'):
        gaussians.fit()
