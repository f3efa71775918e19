# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.reporting.statistics import (
    Fraction,
    confusion,
    correct_fraction,
    fractions_by_size,
    size_edges,
    sized_outcomes,
)


def test_wilson_interval():
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I: 81/263 and 0/20.
    assert Fraction(81, 263).interval == pytest.approx((25.53, 36.62), abs=5e-3)
    assert Fraction(0, 20).interval == pytest.approx((0, 16.11), abs=5e-3)
    assert Fraction(20, 20).interval[1] == 100


def test_correct_fraction(acnn):
    fraction = correct_fraction(acnn.records)
    assert (fraction.hits, fraction.total, fraction.percent) == (6, 8, 75)
    assert correct_fraction([]) is None


def test_bins_have_the_same_number_of_objects():
    sizes = np.geomspace(1e-4, 1e-1, 90)
    edges = size_edges(sizes)
    fractions = fractions_by_size(sizes, sizes > edges[3], edges)
    assert [fraction.total for fraction in fractions] == [15] * 6
    assert [fraction.hits for fraction in fractions] == [0, 0, 0, 15, 15, 15]


def test_objects_of_one_size():
    sizes = np.full(40, 0.01)
    (fraction,) = fractions_by_size(sizes, sizes > 0, size_edges(sizes))
    assert fraction.total == 40


def test_a_detectors_boxes_count(detector):
    sizes, correct = sized_outcomes(detector.records)
    assert len(sizes) == 7 and correct.tolist() == [True, False, False, False] + 3 * [
        True
    ]


def test_confusion(acnn, detector):
    assert confusion(acnn.records) == {(0, 0): 3, (0, 1): 1, (1, 1): 3, (1, 0): 1}
    pairs = {(0, 0): 4, (0, 1): 1, (0, -1): 2, (-1, 0): 1}
    assert confusion(detector.records) == pairs
