# Copyright (c) mmacnn authors. All rights reserved.
"""Several regions of one image."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmacnn.cli.command_line import main
from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector, box_region
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs/roi_mask'
CONFIG = str(CONFIGS / 'roi-mask_resnet18_8e_synthetic-regions.py')
SIZE = (60, 90)


def save_weights(config, path):
    cfg = load_config(config)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for name, weight in model.named_parameters():
        if 'roi_mask' in name:  # as if it had been trained
            torch.nn.init.normal_(weight)
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('regions')
    save_weights(CONFIG, root / 'weights.pth')
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    cv2.imwrite(str(root / 'image.png'), image)
    mask = np.zeros(SIZE, np.uint8)
    mask[10:30, 20:50] = 1
    cv2.imwrite(str(root / 'mask.png'), mask)
    cv2.imwrite(str(root / 'other.png'), mask[:50])
    cv2.imwrite(str(root / 'empty.png'), 0 * mask)
    cv2.imwrite(str(root / 'grey.png'), image)
    return root


def inspect(root, regions, image='image.png', config=CONFIG, weights=None, **settings):
    weights = weights or str(root / 'weights.pth')
    inspector = Inspector(config, weights, 'cpu', regions=regions, **settings)
    (result,) = inspector(str(root / image))
    return result


def regions_of(root):
    return [
        str(root / 'mask.png'),
        box_region((5, 20, 30, 25)),
        [[60, 5, 85, 5, 85, 40]],
    ]


def test_regions_of_an_image(root):
    result = inspect(root, regions_of(root))
    assert [found.box for found in result.detections] == [
        (20, 10, 50, 30),
        (5, 20, 35, 45),
        (60, 5, 85, 39),
    ]
    first, second, _ = result.detections
    assert all(found.prompted for found in result.detections)
    assert first.area == pytest.approx(600 / 5400)
    # It is the region that makes the difference.
    assert first.score != pytest.approx(second.score)
    least = min(result.detections, key=lambda found: found.score)
    assert (result.class_name, result.score) == (least.class_name, least.score)


def test_an_exported_model_of_a_fixed_batch_gets_some_regions_at_a_time(root):
    together = inspect(root, regions_of(root)).detections
    inspector = Inspector(
        CONFIG, str(root / 'weights.pth'), 'cpu', regions=regions_of(root)
    )
    inspector.inferencer.batch_size = 1
    (result,) = inspector(str(root / 'image.png'))
    for one, other in zip(together, result.detections, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)


def test_mask_file_and_box_of_the_same_region(root):
    one, other = inspect(
        root, [str(root / 'mask.png'), box_region((20, 10, 30, 20))]
    ).detections
    assert one == other


@pytest.mark.parametrize('name', ['crop', 'blacked-out', 'no-mask'])
def test_baselines(root, name, tmp_path):
    config = str(CONFIGS / f'{name}_resnet18_8e_synthetic-regions.py')
    weights = save_weights(config, tmp_path / 'weights.pth')
    found = inspect(root, regions_of(root), config=config, weights=weights)
    one, other, _ = found.detections
    assert (one.score == other.score) == (name == 'no-mask')


@pytest.mark.parametrize(
    ('region', 'error', 'message'),
    [
        ('absent.png', FileNotFoundError, 'absent.png: found no such mask'),
        ('other.png', InputError, 'other.png: found a mask of 90x50 pixels, expected'),
        ('empty.png', InputError, 'empty.png: found an empty region'),
        ('grey.png', InputError, 'grey.png: found colours, expected a mask of two'),
        ([[1, 2]], InputError, r'image.png, region 1: found the polygon \[1, 2\]'),
        (
            box_region((200, 5, 9, 9)),
            InputError,
            'region 1: found the polygon .*on the',
        ),
        (box_region((90, 5, 9, 9)), InputError, 'region 1: found an empty region'),
    ],
)
def test_wrong_regions(root, region, error, message):
    region = str(root / region) if isinstance(region, str) else region
    with pytest.raises(error, match=message):
        inspect(root, [region])


def test_no_region(root):
    with pytest.raises(InputError, match='regions: found none, expected a mask'):
        inspect(root, [])


@pytest.mark.parametrize('box', [(1, 2, 3), (1, 2, 0, 4)])
def test_wrong_boxes(box):
    with pytest.raises(InputError, match='expected x,y,width,height in pixels'):
        box_region(box)


def test_command_line(root, tmp_path, capsys):
    command = ['inspect', str(root / 'image.png'), '--model', CONFIG, '--device', 'cpu']
    command += ['--weights', str(root / 'weights.pth')]
    regions = ['--mask', *2 * [str(root / 'mask.png')], '--box', '5,20,30,25']
    regions += ['--polygon', '60,5,85,5,85,40']
    main([*command, *regions, '--out-dir', str(tmp_path / 'out')])
    out = capsys.readouterr().out
    line = next(line for line in out.splitlines() if 'image.png: pass, ' in line)
    assert line.count(',') == 4  # the verdict and the names of four regions
    assert cv2.imread(str(tmp_path / 'out/pictures/image.jpg')).shape == (667, 1000, 3)
    with pytest.raises(SystemExit):
        main([*command, '--box', '1,2,3,x'])
    assert "found '1,2,3,x', expected numbers with commas" in capsys.readouterr().err


def test_real_photographs(tmp_path):
    root = Path(os.environ.get('MMACNN_REAL_DATA', ROOT.parent / 'shared/data'))
    folder = root / 'roi_mask/Test2'
    if not folder.is_dir():
        pytest.skip(f'no photographs in {root} (MMACNN_REAL_DATA names their folder)')
    weights = save_weights(CONFIG, tmp_path / 'weights.pth')
    masks = sorted(map(str, folder.glob('InputMask*.png')))
    found = inspect(folder, masks, 'Image.png', weights=weights)
    assert len(found.detections) == 6
