# Copyright (c) mmacnn authors. All rights reserved.
"""What reads an exported model, besides the Inspector: the benchmark and the runner."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from .paths import ROOT

ROLES = dict(
    acnn=['scores', 'centre', 'roi'],
    acnn_pose=['scores', 'centre', 'roi', 'corners'],
    canet=['boxes', 'labels'],
    cam=['scores', 'map'],
    roi_mask=['scores'],
    attentdiffernet=['anomaly_score', 'scores', 'label'],
)


def benchmark(folder, image, size=(96, 96)):
    """What the benchmark tool decodes of an image."""
    from mmacnn.benchmark.timed_models import open_model

    model = open_model(folder, num_threads=1, input_size=size)
    assert min(model([cv2.imread(str(image))])) > 0
    (result,) = model.results
    return result


def run_on_board(folder, image, results, regions=(), backend='onnxruntime'):
    """What the runner, a program of its own, says of an image."""
    polygons = [','.join(map(str, region[0])) for region in regions]
    subprocess.run(
        [
            *(sys.executable, str(ROOT / 'runner/run.py'), folder, str(image)),
            *('--backend', backend, '--results', str(results)),
            *(['--polygon', *polygons] if polygons else []),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (line,) = results.read_text().splitlines()
    return json.loads(line)


def same_on_board(shown, expected):
    """The runner and the Inspector agree on an image."""
    assert shown['verdict'] == expected.verdict
    assert shown['class_name'] == expected.class_name
    if expected.score is not None:
        assert shown['score'] == pytest.approx(expected.score, abs=1e-3)
    if expected.roi is not None:
        assert shown['roi'] == pytest.approx(expected.roi, abs=0.5)
    assert len(shown['corners']) == len(expected.corners)
    for ours, theirs in zip(shown['corners'], expected.corners, strict=True):
        assert ours == pytest.approx(theirs, abs=0.5)
    assert len(shown['detections']) == len(expected.detections)
    for ours, theirs in zip(shown['detections'], expected.detections, strict=True):
        assert ours['box'] == pytest.approx(theirs.box, abs=1.0)
        assert (ours['sides'] is None) == (theirs.sides is None)
        if theirs.sides is not None:
            assert ours['sides'] == pytest.approx(theirs.sides, abs=1.5)
        assert (ours['area_mm2'] is None) == (theirs.area_mm2 is None)
        if theirs.area_mm2 is not None:
            limits = dict(rel=0.05, abs=0.05)
            assert ours['pixels'] == pytest.approx(theirs.pixels, rel=0.05, abs=5)
            assert ours['area_mm2'] == pytest.approx(theirs.area_mm2, **limits)


def same_in_tiles(inspector, folder, image, tile):
    """Inspector and runner agree on an image in tiles, to 1e-4.

    The runner has to be importable.
    """
    from line.rules import read_folder_rules
    from runner.backends import BACKENDS
    from runner.inspection import Inspection
    from runner.model_folder import ModelFolder

    model = ModelFolder(folder)
    backend = BACKENDS['onnxruntime'](model)
    rules = read_folder_rules(folder)
    board = Inspection(model, backend, None, rules, 0.0, tile)
    frame = cv2.imread(str(image))
    shown, (expected,) = board('tiles', frame), inspector(frame)
    assert not shown.error and not expected.error
    assert (shown.label, shown.verdict) == (expected.label, expected.verdict)
    _assert_close(shown, expected, ('anomaly_score', 'scores'))
    assert len(shown.detections) == len(expected.detections)
    # Of an untrained detector many scores are equal but for the last bits.
    found, wanted = (
        sorted(each, key=lambda one: (one.label, *one.box))
        for each in (shown.detections, expected.detections)
    )
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.label == theirs.label
        _assert_close(ours, theirs, ('score', 'box', 'sides', 'pixels', 'area_mm2'))
    assert (shown.heatmap is None) == (expected.heatmap is None)
    if shown.heatmap is not None:
        assert shown.heatmap.shape == frame.shape[:2]
        np.testing.assert_allclose(shown.heatmap, expected.heatmap, 1e-4, 1e-4)
        np.testing.assert_array_equal(shown.mask, expected.mask)


def _assert_close(ours, theirs, names):
    for name in names:
        found, expected = getattr(ours, name), getattr(theirs, name)
        assert (found is None) == (expected is None)
        if found is not None:
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


def assert_same(ours, theirs, exports_places):
    """Of the checkpoint and of the exported model."""
    assert ours.source == theirs.source
    assert ours.verdict == theirs.verdict
    assert ours.class_name == theirs.class_name
    if ours.score is not None:
        assert ours.score == pytest.approx(theirs.score, abs=1e-3)
    if ours.roi is not None:
        assert ours.roi == pytest.approx(theirs.roi, abs=0.05)
    if ours.anomaly_score is not None:
        assert ours.anomaly_score == pytest.approx(theirs.anomaly_score, rel=1e-3)
    if not exports_places:
        assert theirs.detections == () and theirs.mask is None
        return
    assert len(ours.detections) == len(theirs.detections)
    for one, other in zip(ours.detections, theirs.detections, strict=True):
        assert one.class_name == other.class_name
        assert one.box == pytest.approx(other.box, abs=1)
    assert (ours.mask is None) == (theirs.mask is None)
