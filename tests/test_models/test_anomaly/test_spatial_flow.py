# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

from mmacnn.models.anomaly import SpatialFlow
from mmacnn.models.anomaly.likelihood import soft_minimum
from mmacnn.utils import InputError


def randomized(**changes):
    torch.manual_seed(0)
    flow = SpatialFlow(**dict(in_channels=(6, 4), num_blocks=3) | changes)
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return flow.double().eval()


@pytest.mark.parametrize('kernel_sizes', [(1,), (3, 1)])
@pytest.mark.parametrize('position_channels', [0, 4])
def test_log_det_is_that_of_the_jacobian(kernel_sizes, position_channels):
    flow = randomized(kernel_sizes=kernel_sizes, position_channels=position_channels)
    maps = torch.randn(1, 6, 2, 3).double(), torch.randn(1, 4, 1, 2).double()
    for index, (_, log_det) in enumerate(flow(maps)):

        def latent(values, index=index):
            changed = [values if i == index else m for i, m in enumerate(maps)]
            return flow(changed)[index][0].flatten()

        jacobian = torch.autograd.functional.jacobian(latent, maps[index])
        size = maps[index].numel()
        expected = jacobian.reshape(size, size).slogdet().logabsdet
        torch.testing.assert_close(log_det.sum((1, 2)), expected[None])


def test_it_begins_as_the_identity():
    maps = torch.randn(2, 6, 4, 4), torch.randn(2, 4, 2, 2)
    for (z, log_det), each in zip(SpatialFlow((6, 4)).eval()(maps), maps, strict=True):
        torch.testing.assert_close(z.square().sum(1), each.square().sum(1))
        assert log_det.abs().max() == 0


def test_some_positions_are_trained():
    flow = SpatialFlow((6, 4), train_positions=5)
    maps = torch.randn(2, 6, 4, 4), torch.randn(2, 4, 2, 2)
    shapes = [z.shape[2:].numel() for z, _ in flow(maps)]
    assert shapes == [5, 4]
    assert [z.shape[2:].numel() for z, _ in flow.eval()(maps)] == [16, 4]


def test_position_tells_places_apart():
    flow = randomized(position_channels=4)
    same = torch.ones(1, 6, 4, 4).double(), torch.ones(1, 4, 2, 2).double()
    (z, _), _ = flow(same)
    assert (z[0, :, 0, 0] - z[0, :, 3, 3]).abs().max() > 1e-3


def test_soft_minimum():
    squares = torch.tensor([[1.0, 5000.0], [1.0, 9000.0]])
    found = soft_minimum(squares)
    assert found[0] == pytest.approx(1)
    # One of two scales has all of the likelihood.
    assert found[1] == pytest.approx(5000 + 2 * torch.tensor(2.0).log())


@pytest.mark.parametrize(
    'settings',
    [
        dict(in_channels=(1, 4)),
        dict(in_channels=(4,), num_blocks=0),
        dict(in_channels=(4,), kernel_sizes=(2,)),
        dict(in_channels=(4,), position_channels=3),
        dict(in_channels=(4,), kernel_sizes=(3,), train_positions=8),
    ],
)
def test_settings_are_checked(settings):
    with pytest.raises(InputError, match='SpatialFlow: .* expected'):
        SpatialFlow(**settings)


@pytest.fixture
def model():
    torch.manual_seed(0)
    extractor = dict(
        type='mmacnn.FeatureMaps',
        backbone=dict(
            type='mmacnn.StridedConvNet', stem_channels=8, stages=[(8, 2, (1,))]
        ),
        cache='memory',
        unit_length=False,
    )
    cfg = dict(
        type='mmacnn.DifferNet',
        feature_extractor=extractor,
        flow=dict(type='mmacnn.SpatialFlow', in_channels=(8,), num_blocks=2),
        sigma=1.0,
    )
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build(cfg)


def test_score_and_map_in_one_pass(model):
    torch.manual_seed(1)
    base = torch.randn(3, 24, 24)
    images = base + 0.2 * torch.randn(8, 3, 24, 24)
    optimizer = torch.optim.Adam(model.core.flow.parameters(), lr=2e-3)
    for _ in range(60):
        optimizer.zero_grad()
        loss = model(images, mode='loss')['loss']
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    bad = images[:1].clone()
    bad[:, :, 4:10, 12:18] = 4.0
    with torch.no_grad():
        scores, maps = model.measure(torch.cat((images, bad)))
    assert model.exports_map and maps.shape == (9, 24, 24) and (maps > 0).all()
    assert scores[-1] > scores[:-1].max()
    assert model.core.is_measured
    torch.testing.assert_close(maps.amax((1, 2)), scores)
    row, column = divmod(int((maps[-1] - maps[0]).argmax()), 24)
    assert 0 <= row < 14 and 8 <= column < 22


def test_channels_are_checked(model):
    model.core.flow.in_channels = (7,)
    with pytest.raises(InputError, match=r'in_channels is \(7,\), expected \(8,\)'):
        model(torch.randn(1, 3, 24, 24))
