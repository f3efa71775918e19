# Copyright (c) mmacnn authors. All rights reserved.

import torch.nn.functional as F
from torch import Tensor


def dilated_depthwise(
    x: Tensor, weight: Tensor, bias: Tensor | None, dilation: int
) -> Tensor:
    """Dilated depthwise 3x3 convolution, whose gradient is fast on the CPU.

    Cells see only those at each ``dilation``-th row and column: the map is dealt out
    into ``dilation ** 2`` coarser ones, which go through a convolution without dilation
    (TensorFlow's ``space_to_batch``). oneDNN has the gradient of that one, and not of
    the dilated one.

    Args:
        x: (B, C, H, W), any H and W.
        weight: (C, 1, 3, 3).
        bias: (C,) or None.
        dilation: Also the padding, 1 or more.

    Returns:
        (B, C, H, W), equal to ``F.conv2d(x, weight, bias, padding=dilation,
        dilation=dilation, groups=C)``.
    """
    if dilation == 1:
        return F.conv2d(x, weight, bias, padding=1, groups=x.shape[1])
    batch, channels, height, width = x.shape
    rows, columns = -(-height // dilation), -(-width // dilation)
    x = F.pad(x, (0, columns * dilation - width, 0, rows * dilation - height))
    x = x.permute(0, 2, 3, 1)  # As it lies in memory with channels last.
    x = x.reshape(batch, rows, dilation, columns, dilation, channels)
    x = x.permute(0, 2, 4, 1, 3, 5).reshape(-1, rows, columns, channels)
    x = F.conv2d(x.permute(0, 3, 1, 2), weight, bias, padding=1, groups=channels)
    x = x.permute(0, 2, 3, 1)
    x = x.reshape(batch, dilation, dilation, rows, columns, channels)
    x = x.permute(0, 3, 1, 4, 2, 5)
    x = x.reshape(batch, rows * dilation, columns * dilation, channels)
    return x.permute(0, 3, 1, 2)[:, :, :height, :width]
