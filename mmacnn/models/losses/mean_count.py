# Copyright (c) mmacnn authors. All rights reserved.
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


def mean_count(count: Tensor) -> Tensor:
    """What to divide a loss by that is taken over ``count`` of the batch's images.

    Where several processes train, every one of them must call it.

    Args:
        count: (), images of this process.

    Returns:
        (), float: the mean of the processes' counts; not zero where all are.
    """
    mean = count.float()  # a copy: all_reduce writes into it
    all_reduce(mean, op='mean')
    return mean.clamp(min=1 / get_world_size())
