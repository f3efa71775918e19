# Copyright (c) mmacnn authors. All rights reserved.
"""``_cast_Long`` of PyTorch's ONNX exporter, which later versions dropped.

Upstream: mmdeploy 1.3.1, ``mmcv/ops/roi_align.py`` (no issue is open), which asks for
it in each export of a detector with RoIAlign. Gone in torch 2.15, there in torch 2.8.
"""

from typing import Any

INT64 = 7  # onnx.TensorProto.INT64


def apply() -> None:
    """Put the function back where it is missing."""
    from torch.onnx import symbolic_opset9

    if not hasattr(symbolic_opset9, '_cast_Long'):
        symbolic_opset9._cast_Long = cast_long


def cast_long(graph: Any, value: Any, non_blocking: bool) -> Any:
    """A node of the graph that makes int64 of ``value``."""
    return graph.op('Cast', value, to_i=INT64)
