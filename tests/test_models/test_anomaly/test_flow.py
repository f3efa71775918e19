# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

import numpy as np
import pytest
import torch

from mmacnn.converters import convert_differnet_checkpoint
from mmacnn.models.anomaly import NormalizingFlow
from mmacnn.models.anomaly.likelihood import negative_log_likelihood

DATA = Path(__file__).parents[2] / 'data/differnet_flow.npz'


@pytest.fixture
def golden():
    """The published flow's input and outputs, and a flow with its weights."""
    with np.load(DATA) as file:
        vectors = {name: torch.from_numpy(file[name]) for name in file}
    weights = convert_differnet_checkpoint(
        {k.removeprefix('weight.'): v for k, v in vectors.items() if 'weight.' in k}
    )
    flow = NormalizingFlow(12, 3, 16, clamp=float(vectors['clamp'])).double()
    prefix = 'core.flow.'
    ours = {k: v for k, v in weights.items() if k.startswith(prefix)}
    flow.load_state_dict({k.removeprefix(prefix): v for k, v in ours.items()})
    return vectors, flow


def test_golden_vectors(golden):
    vectors, flow = golden
    z, log_det = flow(vectors['x'])
    close = dict(atol=1e-9, rtol=0)
    torch.testing.assert_close(z, vectors['z'], **close)
    torch.testing.assert_close(log_det, vectors['log_jac_det'], **close)
    torch.testing.assert_close(flow.inverse(z), vectors['x'], **close)
    loss = negative_log_likelihood(z, log_det).mean() / 12
    torch.testing.assert_close(loss, vectors['loss'], **close)
    score = z.square().mean(1)
    torch.testing.assert_close(score, vectors['anomaly_score'], **close)


@pytest.mark.parametrize('normalize', [False, True])
@pytest.mark.parametrize('in_channels', [2, 5])
def test_log_determinant_is_that_of_the_jacobian(in_channels, normalize):
    torch.manual_seed(0)
    flow = NormalizingFlow(in_channels, 3, 8, normalize=normalize).double()
    x = torch.randn(4, in_channels, dtype=torch.float64) * 5 + 2
    z, log_det = flow(x)
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x)[0], x)
    expected = [jacobian[i, :, i].slogdet().logabsdet for i in range(4)]
    torch.testing.assert_close(log_det, torch.stack(expected))
    torch.testing.assert_close(flow.inverse(z), x)


def test_each_subnet_is_computed_once():
    flow, calls = NormalizingFlow(6, 3, 8), []
    for module in flow.modules():
        if isinstance(module, torch.nn.Sequential):
            module.register_forward_hook(lambda *_: calls.append(1))
    z, log_det = flow(torch.randn(2, 6))
    assert len(calls) == 6
    negative_log_likelihood(z, log_det).mean().backward()
    assert all(p.grad is not None for p in flow.parameters())


def test_permutations_follow_the_seed_and_leave_numpys_alone():
    np.random.seed(7)
    expected = np.random.RandomState(7).rand()
    flows = [NormalizingFlow(16, 2, 4, seed=seed) for seed in (0, 0, 1)]
    assert np.random.rand() == expected
    first, same, other = (flow.blocks[0].perm.tolist() for flow in flows)
    assert first == same != other
    assert 'blocks.module_list.0.perm' in flows[0].state_dict()


def test_standardization_measures_the_first_batch_of_the_training():
    flow = NormalizingFlow(4, 1, 4, normalize=True)
    x = torch.randn(64, 4) * torch.tensor([1e-3, 2e-3, 3e-3, 0]) + 5
    flow.eval()
    flow(x)
    assert not flow.norm.is_measured
    flow.train()
    normed, _ = flow.norm(x)
    torch.testing.assert_close(normed.mean(0), torch.zeros(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(normed[:, :3].std(0), torch.ones(3))
    before = flow.norm.mean.clone()
    flow(x + 1)
    assert torch.equal(flow.norm.mean, before)
    assert flow(x)[0].isfinite().all()


@pytest.mark.parametrize('options', [dict(in_channels=1), dict(num_blocks=0)])
def test_sizes_are_checked(options):
    with pytest.raises(ValueError, match='expected 2 and 1 at least'):
        NormalizingFlow(**dict(in_channels=4) | options)


def test_missing_package_is_one_line(monkeypatch):
    monkeypatch.setattr('mmacnn.models.anomaly.flow.find_spec', lambda name: None)
    with pytest.raises(ValueError, match='pip install "FrEIA>=0.2"'):
        NormalizingFlow(4)
