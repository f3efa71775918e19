# Copyright (c) mmacnn authors. All rights reserved.
from torch import Tensor


def negative_log_likelihood(z: Tensor, log_det: Tensor) -> Tensor:
    """Of each sample under a standard normal distribution of z, without its constant.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021, section 3.2.

    Args:
        z: (N, D).
        log_det: (N,), the logarithm of the Jacobian's absolute determinant.

    Returns:
        (N,).
    """
    return 0.5 * z.square().sum(1) - log_det
