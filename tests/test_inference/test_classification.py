# Copyright (c) mmacnn authors. All rights reserved.
"""With tiny untrained models: what matters here is what goes in and what comes out."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain import get_model
from mmpretrain.structures import DataSample

from mmacnn.inference import Inspector, build_inferencer

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


def test_a_classifier_without_attention(folder, tmp_path):
    config = baseline_config()
    config.test_dataloader.dataset.metainfo = dict(classes=CLASSES)
    weights = save_weights(config, tmp_path / 'baseline.pth')

    results = list(Inspector(config, weights)(folder, out_dir=str(tmp_path / 'out')))

    assert all(result.class_name in CLASSES for result in results)
    assert all(result.roi is None for result in results)
    assert len(names(tmp_path / 'out/pictures')) == 3


def test_without_names_a_class_has_its_number(folder, tmp_path):
    config = acnn_config()
    weights = save_weights(config, tmp_path / 'w.pth')

    (result,) = Inspector(config, weights)(folder / 'a.png')

    assert result.class_name == f'class {result.label}'


def test_float16_weights_are_used_in_float32(folder, tmp_path):
    config = acnn_config()
    full = Inspector(config, save_weights(config, tmp_path / 'full.pth'))
    weights = save_weights(config, tmp_path / 'half.pth', half=True)
    half = Inspector(config, weights)

    assert {p.dtype for p in half.inferencer.model.parameters()} == {torch.float32}
    for a, b in zip(full(folder), half(folder), strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-2)


def test_weights_that_do_not_fit(tmp_path):
    config = acnn_config()
    of_another = save_weights(baseline_config(), tmp_path / 'baseline.pth')
    of_other_size = save_weights(
        config, tmp_path / 'size.pth', **{'head.fc.bias': torch.zeros(7)}
    )

    for path in (of_another, of_other_size):
        with pytest.raises(ValueError, match=f'{path}: does not fit') as error:
            Inspector(config, path)
        assert '\n' not in str(error.value)


def test_missing_or_broken_weights(tmp_path):
    (tmp_path / 'w.pth').write_text('not a checkpoint')

    with pytest.raises(FileNotFoundError, match='none.pth'):
        Inspector(acnn_config(), tmp_path / 'none.pth')
    with pytest.raises(ValueError, match='w.pth: not a readable checkpoint'):
        Inspector(acnn_config(), tmp_path / 'w.pth')


@pytest.mark.parametrize('key', ['model', 'test_dataloader'])
def test_config_without_what_is_needed(tmp_path, key):
    config = acnn_config()
    weights = save_weights(config, tmp_path / 'w.pth')
    config.pop(key)
    config.dump(tmp_path / 'config.py')

    with pytest.raises(ValueError, match=f"config.py: expected the key '{key}'"):
        Inspector(tmp_path / 'config.py', weights)


def test_unknown_device(tmp_path):
    weights = save_weights(acnn_config(), tmp_path / 'w.pth')

    with pytest.raises(ValueError, match="device 'abacus': Expected one of cpu"):
        Inspector(acnn_config(), weights, device='abacus')


def test_files_are_read_as_in_training(tmp_path):
    """Images of a 12-bit camera are not dark where the pipeline scales them."""
    config = baseline_config()
    config.test_dataloader.dataset.pipeline = [
        dict(type='mmacnn.LoadAnyDepthImage', depth=12),
        *PIPELINE[1:],
    ]
    weights = save_weights(config, tmp_path / 'weights.pth')
    inspector = Inspector(config, weights, device='cpu')
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    file = str(tmp_path / 'image.png')
    cv2.imwrite(file, np.round(image / 255 * 4095).astype(np.uint16))
    from_file, from_array = inspector([file, image])
    assert from_file.scores == pytest.approx(from_array.scores)


def test_anomaly_score(tmp_path):
    config = acnn_config()
    weights = save_weights(config, tmp_path / 'w.pth')
    inferencer = build_inferencer(config, weights, device='cpu')
    sample = DataSample()
    sample.set_field(torch.tensor([1.5]), 'pred_anomaly_score')
    found = inferencer.postprocess(sample, 'a.png', (8, 8))
    assert (found.anomaly_score, found.label, found.score) == (1.5, None, None)
    sample.set_pred_label(1).set_pred_score(torch.tensor([0.25, 0.75]))
    found = inferencer.postprocess(sample, 'a.png', (8, 8))
    assert (found.anomaly_score, found.label, found.score) == (1.5, 1, 0.75)
