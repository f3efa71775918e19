# Copyright (c) mmacnn authors. All rights reserved.
"""Every method, from data to the exported model, by the same calls."""

import json
from importlib.util import find_spec

import pytest

from mmacnn import apis
from mmacnn.apis.golden import add_golden
from mmacnn.inference import Inspector

from .testing.exported import (
    ROLES,
    assert_same,
    benchmark,
    run_on_board,
    same_in_tiles,
    same_on_board,
)
from .testing.methods import METHODS, images_of, prepare
from .testing.paths import ROOT

NEEDED = ('mmdeploy', 'onnx', 'onnxruntime')
RULES = dict(
    min_score=0.4,
    classes={'*': dict(min_length=2)},
    zones=[dict(box=[0, 0, 20, 20], weight=0)],
)

IN_TILES = ('canet', 'cam', 'attentdiffernet')
DECODED = dict(
    acnn={'label', 'score', 'roi'},
    acnn_pose={'label', 'score', 'roi'},
    canet={'boxes', 'labels'},
    cam={'label', 'score', 'heatmap'},
    roi_mask={'label', 'score'},
    attentdiffernet={'label', 'score', 'anomaly_score'},
)


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(name, marks=[pytest.mark.soak] * (name == 'acnn_pose'))
        for name in METHODS
    ],
)
def test_from_data_to_the_exported_model(name, tmp_path, monkeypatch):
    method = METHODS[name]
    for package in NEEDED:
        if find_spec(package) is None:
            pytest.skip(f'{package} is not installed')
    run, config = tmp_path / 'run', prepare(method, tmp_path)
    apis.train(config, work_dir=str(run))
    weights = str(run / 'epoch_1.pth')
    metrics = apis.test(
        config,
        weights,
        work_dir=str(run),
        out=str(tmp_path / 'results.json'),
        show_dir=str(tmp_path / 'shown'),
    )
    results = json.loads((tmp_path / 'results.json').read_text())
    assert results['metrics'] == metrics
    pictures = list((tmp_path / 'shown').rglob('*.jpg'))
    assert len(pictures) == len(results['predictions']) >= 4

    page = tmp_path / 'report.html'
    apis.report([str(tmp_path / 'results.json')], str(page))
    assert 'tiny' in page.read_text(encoding='utf-8')

    images = images_of(method, tmp_path)
    settings = method.inspector
    inspector = Inspector(config, weights, device='cpu', rules=RULES, **settings)
    trained = list(inspector(images))
    assert len(trained) == len(images) > 0

    from mmacnn.deploy import deploy
    from mmacnn.deploy.model_folder import read_description

    deploy(
        str(ROOT / 'configs/deploy' / method.deploy),
        config,
        weights,
        str(images[0]),
        str(tmp_path / 'exported'),
        verify=2,
        verify_images=str(images[0].parent),
        rules=RULES,
    )
    folder = str(tmp_path / 'exported')
    regions = settings.get('regions', ())
    # Checked here, and by the Inspector and the board below before they start.
    golden = list(map(str, images[:2]))
    count = add_golden(folder, config, weights, golden, regions=regions)
    assert count == len(golden)
    outputs = read_description(folder)['mmacnn']['outputs']
    assert [each['role'] for each in outputs] == ROLES[name]
    inspector = Inspector(config, backend_model=folder, **settings)
    exported = list(inspector(images))
    for ours, theirs in zip(trained, exported, strict=True):
        assert_same(ours, theirs, method.exports_places)

    again = apis.test(config, None, backend_model=folder, work_dir=str(run))
    for key in metrics.keys() & again.keys():
        assert again[key] == pytest.approx(metrics[key], abs=1e-2, nan_ok=True)

    found = benchmark(folder, images[0], method.size)
    assert set(found) == DECODED[name]
    if 'roi' in found:
        assert exported[0].roi == pytest.approx(found['roi'].tolist(), abs=0.5)
    if 'boxes' in found:
        assert found['boxes'].shape[1] == 5
    if 'heatmap' in found:
        assert abs(found['heatmap'] - exported[0].heatmap).max() < 1e-2

    shown = run_on_board(folder, images[0], tmp_path / 'board.jsonl', regions)
    same_on_board(shown, exported[0])

    if name in IN_TILES:
        monkeypatch.syspath_prepend(str(ROOT / 'runner'))
        inspector = Inspector(config, backend_model=folder, score_thr=0.0, tile=64)
        same_in_tiles(inspector, folder, images[0], 64)
    if name in ('cam', 'attentdiffernet'):
        out = tmp_path / 'tiles.json'
        again = apis.test(config, weights, str(run), str(out), tile=64)
        assert again.keys() == metrics.keys()
        found = json.loads(out.read_text())['predictions'][-1]
        inspector = Inspector(config, weights, 'cpu', tile=64)
        (expected,) = inspector(found['img_path'])
        assert found['pred_score'] == pytest.approx(expected.scores, abs=1e-5)
