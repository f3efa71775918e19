# Copyright (c) mmacnn authors. All rights reserved.
import pytest

from mmacnn.reporting.charts import _percent


@pytest.mark.parametrize(
    'fraction, text',
    [(1.0, '100'), (0.304, '30'), (0.0123, '1.2'), (2e-6, '0.0002'), (0.0, '0')],
)
def test_numbers_of_the_axis_have_no_exponent(fraction, text):
    assert _percent(fraction) == text
