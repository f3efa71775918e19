# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.compat import onnx_cast_long


class Graph:
    def op(self, name, *inputs, **attributes):
        return name, inputs, attributes


def test_detectors_cast_in_each_version_of_torch(monkeypatch):
    from torch.onnx import symbolic_opset9

    monkeypatch.delattr(symbolic_opset9, '_cast_Long', raising=False)
    onnx_cast_long.apply()
    node = symbolic_opset9._cast_Long(Graph(), 'x', False)
    assert node == ('Cast', ('x',), dict(to_i=7))
