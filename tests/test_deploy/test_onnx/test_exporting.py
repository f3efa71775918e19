# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

pytest.importorskip('mmdeploy')
onnx = pytest.importorskip('onnx')

from mmacnn.deploy.onnx.exporting import classical_exporter  # noqa: E402


def test_newer_torch_is_asked_for_the_classical_exporter(monkeypatch):
    asked = []

    def export(model, args, dynamo=True):  # as from torch 2.9 on
        asked.append(dynamo)

    monkeypatch.setattr(torch.onnx, 'export', export)
    with classical_exporter():
        torch.onnx.export('model', 'args')
    torch.onnx.export('model', 'args')
    assert asked == [False, True]


def test_older_torch_is_asked_for_nothing(monkeypatch):
    asked = []

    def export(model, args):  # as before torch 2.5
        asked.append((model, args))

    monkeypatch.setattr(torch.onnx, 'export', export)
    with classical_exporter():
        torch.onnx.export('model', 'args')
    assert asked == [('model', 'args')]


def test_classical_exporter_traces(tmp_path):
    path = tmp_path / 'model.onnx'
    with classical_exporter():
        torch.onnx.export(torch.nn.ReLU(), torch.ones(2), path, opset_version=13)
    assert [node.op_type for node in onnx.load(path).graph.node] == ['Relu']


def test_swin_transformers_run_after_an_export(exported):
    from mmpretrain.models.utils import ShiftWindowMSA

    exported('classification_onnxruntime_static-480x640')

    mask = ShiftWindowMSA.get_attn_mask((8, 8), window_size=4, shift_size=2)
    assert mask.shape == (4, 16, 16)
