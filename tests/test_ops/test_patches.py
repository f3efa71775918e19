# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.ops import (
    greedy_coreset,
    local_mean,
    nearest_distance,
    resize_maps,
    smooth_maps,
    unit_length,
)


def test_nearest_distance_by_hand():
    bank = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    vectors = torch.tensor([[3.0, 3.0], [0.0, -2.0]])
    torch.testing.assert_close(nearest_distance(vectors, bank), torch.tensor([1.0, 2]))


def test_nearest_distance_is_that_of_cdist():
    torch.manual_seed(0)
    vectors, bank = torch.randn(20, 5).double(), torch.randn(30, 5).double()
    expected = torch.cdist(vectors, bank).amin(1)
    torch.testing.assert_close(nearest_distance(vectors, bank), expected)
    out = torch.arange(30) < 10
    expected = torch.cdist(vectors, bank[10:]).amin(1)
    torch.testing.assert_close(nearest_distance(vectors, bank, out), expected)
    strided = vectors.t().contiguous().t()
    found = nearest_distance(strided, bank)
    torch.testing.assert_close(found, nearest_distance(vectors, bank))


def test_coreset_covers_each_cluster_first():
    torch.manual_seed(0)
    centres = 100 * torch.eye(4)
    vectors = centres.repeat_interleave(25, 0) + torch.randn(100, 4)
    chosen = greedy_coreset(vectors, 4)
    assert sorted((chosen // 25).tolist()) == [0, 1, 2, 3]
    assert greedy_coreset(vectors, 4).tolist() == chosen.tolist()
    assert greedy_coreset(vectors, 500).tolist() == list(range(100))


def test_coreset_of_projections_is_nearly_as_good():
    torch.manual_seed(0)
    vectors = torch.randn(400, 200)
    projected, exact = (
        torch.cdist(vectors, vectors[greedy_coreset(vectors, 40, n)]).amin(1).max()
        for n in (64, 1000)
    )
    assert projected < 1.15 * exact


@pytest.mark.parametrize('sigma', [0, 0.5, 2.0])
def test_smoothing_keeps_a_constant_map(sigma):
    maps = torch.full((2, 7, 9), 3.0)
    torch.testing.assert_close(smooth_maps(maps, sigma), maps)


def test_smoothing_is_gaussian():
    maps = torch.zeros(1, 31, 31)
    maps[0, 15, 15] = 1
    found = smooth_maps(maps, 2.0)[0]
    assert found.sum() == pytest.approx(1, abs=1e-3)
    rows = torch.arange(31.0) - 15
    assert float((found.sum(1) * rows**2).sum()) == pytest.approx(4, rel=0.05)


def test_small_parts():
    features = torch.tensor([[3.0, 0.0], [4.0, 0.0]])[None, :, None]  # (1, 2, 1, 2)
    found = unit_length(features)[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.0], [0.8, 0.0]]))
    ones = torch.ones(1, 1, 4, 4)
    torch.testing.assert_close(local_mean(ones, 3), ones)
    assert local_mean(features, 1) is features
    maps = torch.rand(2, 4, 4)
    assert resize_maps(maps, (4, 4)) is maps
    assert resize_maps(maps, (8, 12)).shape == (2, 8, 12)
