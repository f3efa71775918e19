# Copyright (c) mmacnn authors. All rights reserved.
"""Attention whose query is the same at every position, in linear time.

The spatial attention of Hou et al., *CANet*, Pattern Recognition 140 (2023) 109558.
"""

from torch import Tensor


def spatial_attention(
    x: Tensor, query: Tensor, key_weight: Tensor, value_weight: Tensor, stride: int
) -> Tensor:
    """Average the pixels' values, weighted with the softmax of query . key.

    As published, each of the N pixels asks, which takes an N x N matrix for each head.
    All ask the same, so the rows are equal and one is enough. The query is folded into
    the weight of the keys, and the pixels are pooled before they become values: what is
    left are two products of ``N * C * heads`` multiply-adds.

    Args:
        x: (B, C, H, W).
        query: (heads, d).
        key_weight: (heads, d, C), turns a pixel into its key.
        value_weight: (heads, v, C), turns a pixel into its value.
        stride: Keys and values come from every ``stride``-th row and column.

    Returns:
        (B, heads * v), the attended value, which is the same for every pixel.

    Example:
        >>> x = torch.tensor([0.0, 3.0]).log1p().view(1, 1, 1, 2)
        >>> one = torch.ones(1, 1, 1)
        >>> spatial_attention(x, one[0], one, one, stride=1) / x.max()
        tensor([[0.8000]])
    """
    pixels = x[..., ::stride, ::stride].flatten(2)
    folded = (query[:, None] @ key_weight).flatten(1)
    attention = (folded @ pixels).softmax(-1)
    pooled = attention @ pixels.transpose(1, 2)
    # Heads in front, so that the weights are not copied for each image.
    values = pooled.transpose(0, 1) @ value_weight.transpose(1, 2)
    return values.transpose(0, 1).flatten(1)
