# Copyright (c) mmacnn authors. All rights reserved.
"""With tiny untrained models: what matters here is what goes in and what comes out."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain import get_model
from mmpretrain.structures import DataSample

from mmacnn.inference import RoIInferencer

BACKBONE = dict(
    type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4, num_stages=2,
    strides=(1, 2), dilations=(1, 1), out_indices=(1,)
)  # fmt: skip
PREPROCESSOR = dict(num_classes=3, mean=[128] * 3, std=[64] * 3, to_rgb=True)
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(64, 48), keep_ratio=False),
    dict(type='ToTensor', keys=['gt_bboxes']),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_bboxes',)),
]
TEST_DATA = dict(dataset=dict(type='mmacnn.YOLORoIDataset', pipeline=PIPELINE))
CLASSES = ('left', 'right', 'none')


def acnn_config() -> Config:
    model = dict(
        type='mmacnn.ACNN',
        data_preprocessor=PREPROCESSOR,
        localizer=dict(
            type='mmacnn.HeatmapLocalizer', backbone=BACKBONE, in_channels=8
        ),
        stn=dict(
            type='mmacnn.SpatialTransformerNeck', roi_size=(8, 16), output_size=(16, 32)
        ),
        backbone=BACKBONE,
        head=dict(type='mmacnn.NormedLinearClsHead', num_classes=3, in_channels=8),
    )
    return Config(dict(model=model, test_dataloader=TEST_DATA))


def baseline_config() -> Config:
    model = dict(
        type='mmpretrain.ImageClassifier',
        data_preprocessor=PREPROCESSOR,
        backbone=BACKBONE,
        neck=dict(type='mmpretrain.GlobalAveragePooling'),
        head=dict(type='mmpretrain.LinearClsHead', num_classes=3, in_channels=8),
    )
    return Config(dict(model=model, test_dataloader=TEST_DATA))


def save_weights(config: Config, path, meta=None, half=False, **changes) -> str:
    torch.manual_seed(0)
    state = get_model(config).state_dict()
    if half:
        state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    torch.save(dict(meta=meta or {}, state_dict={**state, **changes}), path)
    return str(path)


@pytest.fixture(scope='module')
def inferencer(tmp_path_factory) -> RoIInferencer:
    config = acnn_config()
    path = tmp_path_factory.mktemp('weights') / 'acnn.pth'
    weights = save_weights(config, path, dict(dataset_meta=dict(classes=CLASSES)))
    return RoIInferencer(config, weights, device='cpu')


@pytest.fixture
def folder(tmp_path):
    """Three images of different sizes, and a file that is none."""
    folder = tmp_path / 'in'
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, size in (('a.png', (96, 128)), ('b.jpg', (48, 64)), ('c.bmp', (30, 90))):
        image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), image)
    (folder / 'notes.txt').write_text('not an image')
    return folder


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder(inferencer, folder):
    results = inferencer(folder)

    assert [result['img_path'] for result in results] == [
        str(folder / name) for name in ('a.png', 'b.jpg', 'c.bmp')
    ]
    for result in results:
        scores = result['pred_scores']
        assert sum(scores) == pytest.approx(1.0, abs=1e-5)
        assert result['pred_label'] == int(np.argmax(scores))
        assert result['pred_score'] == max(scores)
        assert result['pred_class'] == CLASSES[result['pred_label']]
    assert names(folder) == ['a.png', 'b.jpg', 'c.bmp', 'notes.txt']


def test_roi_is_in_pixels_of_the_image(inferencer, folder):
    # The ROI has 16x8 pixels of the input of 64x48.
    a, b, c = inferencer(folder)

    for result, size in ((a, (32, 16)), (b, (16, 8)), (c, (22.5, 5))):
        left, top, right, bottom = result['pred_roi']
        assert (right - left, bottom - top) == pytest.approx(size, rel=1e-4)
        assert result['pred_centre_px'] == [(left + right) / 2, (top + bottom) / 2]


def test_files_arrays_and_lists_agree(inferencer, folder):
    path = folder / 'a.png'
    of_file = inferencer(str(path))[0]
    of_list = inferencer([cv2.imread(str(path)), path], batch_size=2)

    for result, img_path in zip(of_list, ('array_0', str(path)), strict=True):
        assert result['img_path'] == img_path
        assert result['pred_scores'] == pytest.approx(of_file['pred_scores'], abs=1e-5)
        assert result['pred_roi'] == pytest.approx(of_file['pred_roi'], abs=1e-3)


def test_batches_of_any_size_agree(inferencer, folder):
    one, two = inferencer(folder), inferencer(folder, batch_size=2)

    for alone, together in zip(one, two, strict=True):
        assert alone['pred_scores'] == pytest.approx(together['pred_scores'], abs=1e-5)


def test_data_samples(inferencer, folder):
    samples = inferencer(folder, return_datasamples=True)

    assert all(isinstance(sample, DataSample) for sample in samples)
    assert all(float(s.pred_heatmap.sum()) == pytest.approx(1.0) for s in samples)


def test_pictures_and_predictions_are_written(inferencer, folder, tmp_path):
    out_dir = tmp_path / 'out'

    results = inferencer(folder, out_dir=str(out_dir))

    assert names(out_dir) == ['a.jpg', 'b.jpg', 'c.jpg', 'predictions.json']
    assert json.loads((out_dir / 'predictions.json').read_text()) == results
    assert [result['picture'] for result in results] == [
        str(out_dir / name) for name in ('a.jpg', 'b.jpg', 'c.jpg')
    ]


def test_nothing_is_overwritten(inferencer, folder, tmp_path):
    out_dir = tmp_path / 'out'
    out_dir.mkdir()
    (out_dir / 'a.jpg').write_text('mine')

    with pytest.raises(FileExistsError, match='out: expected a new or empty folder'):
        inferencer(folder, out_dir=str(out_dir))
    assert (out_dir / 'a.jpg').read_text() == 'mine'


@pytest.mark.parametrize('kind', ['text', 'empty', 'truncated'])
@pytest.mark.parametrize('batch_size', [1, 2])
def test_the_others_go_on_after_an_unreadable_image(
    inferencer, folder, tmp_path, kind, batch_size
):
    whole = (folder / 'b.jpg').read_bytes()
    broken = dict(text=b'not an image', empty=b'', truncated=whole[: len(whole) // 2])
    (folder / 'b.jpg').write_bytes(broken[kind])
    out_dir = tmp_path / 'out'

    results = inferencer(folder, batch_size=batch_size, out_dir=str(out_dir))

    assert ['error' in result for result in results] == [False, True, False]
    assert str(folder / 'b.jpg') in results[1]['error']
    assert names(out_dir) == ['a.jpg', 'c.jpg', 'predictions.json']
    samples = inferencer(folder, return_datasamples=True)
    assert [sample is None for sample in samples] == [False, True, False]


def test_a_classifier_without_attention(folder, tmp_path):
    config = baseline_config()
    config.test_dataloader.dataset.metainfo = dict(classes=CLASSES)
    weights = save_weights(config, tmp_path / 'baseline.pth')

    results = RoIInferencer(config, weights)(folder, out_dir=str(tmp_path / 'out'))

    assert all(result['pred_class'] in CLASSES for result in results)
    assert not any('pred_roi' in result for result in results)
    assert len(names(tmp_path / 'out')) == 4


def test_without_names_a_class_has_its_number(folder, tmp_path):
    config = acnn_config()
    weights = save_weights(config, tmp_path / 'w.pth')

    result = RoIInferencer(config, weights)(folder / 'a.png')[0]

    assert result['pred_class'] == f'class {result["pred_label"]}'


def test_float16_weights_are_used_in_float32(folder, tmp_path):
    config = acnn_config()
    full = RoIInferencer(config, save_weights(config, tmp_path / 'full.pth'))
    weights = save_weights(config, tmp_path / 'half.pth', half=True)
    half = RoIInferencer(config, weights)

    assert {p.dtype for p in half.model.parameters()} == {torch.float32}
    for a, b in zip(full(folder), half(folder), strict=True):
        assert a['pred_scores'] == pytest.approx(b['pred_scores'], abs=1e-2)


def test_weights_that_do_not_fit(tmp_path):
    config = acnn_config()
    of_another = save_weights(baseline_config(), tmp_path / 'baseline.pth')
    of_other_size = save_weights(
        config, tmp_path / 'size.pth', **{'head.fc.bias': torch.zeros(7)}
    )

    for path in (of_another, of_other_size):
        with pytest.raises(ValueError, match=f'{path}: does not fit') as error:
            RoIInferencer(config, path)
        assert '\n' not in str(error.value)


def test_missing_or_broken_weights(tmp_path):
    (tmp_path / 'w.pth').write_text('not a checkpoint')

    with pytest.raises(FileNotFoundError, match='none.pth'):
        RoIInferencer(acnn_config(), tmp_path / 'none.pth')
    with pytest.raises(ValueError, match='w.pth: not a readable checkpoint'):
        RoIInferencer(acnn_config(), tmp_path / 'w.pth')


@pytest.mark.parametrize('key', ['model', 'test_dataloader'])
def test_config_without_what_is_needed(tmp_path, key):
    config = acnn_config()
    weights = save_weights(config, tmp_path / 'w.pth')
    config.pop(key)
    config.dump(tmp_path / 'config.py')

    with pytest.raises(ValueError, match=f"config.py: expected the key '{key}'"):
        RoIInferencer(tmp_path / 'config.py', weights)


def test_missing_config(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.py'):
        RoIInferencer(tmp_path / 'none.py', tmp_path / 'w.pth')


def test_unknown_device(tmp_path):
    weights = save_weights(acnn_config(), tmp_path / 'w.pth')

    with pytest.raises(ValueError, match="device 'abacus': Expected one of cpu"):
        RoIInferencer(acnn_config(), weights, device='abacus')


def test_wrong_inputs(inferencer, folder):
    empty = folder / 'empty'
    empty.mkdir()

    with pytest.raises(ValueError, match='empty: expected images .* found none'):
        inferencer(empty)
    with pytest.raises(FileNotFoundError, match='none.png: no such image or folder'):
        inferencer([folder / 'a.png', folder / 'none.png'])
    with pytest.raises(
        ValueError, match=r'input 0: .* found float64 of shape \(4, 4\)'
    ):
        inferencer(np.zeros((4, 4)))
    with pytest.raises(ValueError, match='batch_size: expected at least 1, found 0'):
        inferencer(folder, batch_size=0)


def test_files_are_read_as_in_training(tmp_path):
    """Images of a 12-bit camera are not dark where the pipeline scales them."""
    config = baseline_config()
    config.test_dataloader.dataset.pipeline = [
        dict(type='mmacnn.LoadAnyDepthImage', bits=12),
        *PIPELINE[1:],
    ]
    weights = save_weights(config, tmp_path / 'weights.pth')
    inferencer = RoIInferencer(config, weights, device='cpu')
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    file = str(tmp_path / 'image.png')
    cv2.imwrite(file, np.round(image / 255 * 4095).astype(np.uint16))
    from_file, from_array = inferencer([file, image])
    assert from_file['pred_scores'] == pytest.approx(from_array['pred_scores'])


def test_anomaly_score(inferencer):
    sample = DataSample()
    sample.set_field(torch.tensor([1.5]), 'pred_anomaly_score')
    assert inferencer.as_dict(sample) == dict(pred_anomaly_score=1.5)
    sample.set_pred_label(1).set_pred_score(torch.tensor([0.25, 0.75]))
    found = inferencer.as_dict(sample)
    assert found['pred_anomaly_score'] == 1.5 and found['pred_score'] == 0.75
