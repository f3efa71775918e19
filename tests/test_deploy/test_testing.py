# Copyright (c) mmacnn authors. All rights reserved.
"""tools/test.py evaluates an exported model as it does a checkpoint."""

import json

import pytest

from mmacnn.apis import test as run_test

from .conftest import MODEL

pytest.importorskip('mmdeploy')
pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def results(exported, photographs, tmp_path_factory):
    """Test a checkpoint or a model folder, once each; metrics and predictions."""
    folder = tmp_path_factory.mktemp('testing')
    labels = folder / 'labels'
    labels.mkdir()
    for i, file in enumerate(photographs):
        (labels / f'{file.stem}.txt').write_text(f'{i % 4} 0.5 0.5 0.1 0.1\n')
    options = {
        'test_dataloader.dataset.data_root': '',
        'test_dataloader.dataset.data_prefix': dict(
            img_path=str(photographs[0].parent), label_path=str(labels)
        ),
        'test_dataloader.dataset.classes': ['a', 'b', 'c', 'd'],
        'test_dataloader.num_workers': 0,
        'test_dataloader.persistent_workers': False,
        'log_level': 'ERROR',
    }

    def run(checkpoint=None, name=None, **more):
        out = folder / 'results.json'
        out.unlink(missing_ok=True)
        metrics = run_test(
            str(MODEL),
            checkpoint,
            work_dir=str(folder / 'run'),
            out=str(out),
            cfg_options={**options, **more},
            backend_model=name and str(exported(name)),
        )
        return metrics, json.loads(out.read_text())['predictions']

    return run


def test_classification_tells_no_place(results):
    name = 'classification_onnxruntime_static-480x640'
    metrics, predictions = results(name=name)
    assert set(metrics) == {'accuracy/top1'}
    assert 'pred_roi' not in predictions[0]


def test_images_of_another_size(results, photographs):
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(320, 240)),
        dict(type='mmpretrain.PackInputs'),
    ]
    with pytest.raises(ValueError, match='480x640 alone, but the .* to 240x320'):
        results(
            name='classification_onnxruntime_static-480x640',
            **{'test_dataloader.dataset.pipeline': pipeline},
        )


def test_either_a_checkpoint_or_a_model_folder(tmp_path):
    with pytest.raises(ValueError, match='either a checkpoint or --backend-model'):
        run_test(str(MODEL), None)
    with pytest.raises(FileNotFoundError, match='expected a model folder of tools/de'):
        run_test(str(MODEL), None, str(tmp_path), backend_model=str(tmp_path / 'none'))
    (tmp_path / 'detail.json').write_text('{"version": "1.3.1"}')
    with pytest.raises(ValueError, match='detail.json: expected the record of tools/d'):
        run_test(str(MODEL), None, str(tmp_path), backend_model=str(tmp_path))
