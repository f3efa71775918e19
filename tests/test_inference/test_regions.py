# Copyright (c) mmacnn authors. All rights reserved.
"""Several regions of one image, named by Python and by the demo."""

import os
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmacnn.engine.config import load_config
from mmacnn.inference import RegionInferencer, box_region
from mmacnn.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs/roi_mask'
CONFIG = str(CONFIGS / 'roi-mask-resnet18_synthetic-regions.py')
DEMO = ROOT / 'demo/roi_mask_demo.py'
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


@pytest.fixture(scope='module')
def inferencer(root):
    return RegionInferencer(CONFIG, root / 'weights.pth', device='cpu')


def regions_of(root):
    return [
        str(root / 'mask.png'),
        box_region((5, 20, 30, 25)),
        [[60, 5, 85, 5, 85, 40]],
    ]


def test_regions_in_one_batch_and_one_by_one(root, inferencer):
    image, regions = str(root / 'image.png'), regions_of(root)
    results = inferencer(image, regions)
    assert [result['region_box'] for result in results] == [
        [20, 10, 50, 30],
        [5, 20, 35, 45],
        [60, 5, 85, 39],
    ]
    assert results[0]['region_fraction'] == pytest.approx(600 / 5400)
    assert results[0]['pred_class'] in inferencer.classes
    one_by_one = inferencer(cv2.imread(image), regions, batch_size=1)
    for one, other in zip(results, one_by_one, strict=True):
        assert one['pred_scores'] == pytest.approx(other['pred_scores'], abs=1e-5)
    # It is the region that makes the difference.
    assert results[0]['pred_scores'] != pytest.approx(results[1]['pred_scores'])


def test_mask_file_and_box_of_the_same_region(root, inferencer):
    regions = [str(root / 'mask.png'), box_region((20, 10, 30, 20))]
    one, other = inferencer(str(root / 'image.png'), regions)
    assert one == other


@pytest.mark.parametrize('name', ['crop', 'blacked-out', 'no-mask'])
def test_baselines(root, name, tmp_path):
    config = str(CONFIGS / f'{name}-resnet18_synthetic-regions.py')
    weights = save_weights(config, tmp_path / 'weights.pth')
    inferencer = RegionInferencer(config, weights, device='cpu')
    one, other, _ = inferencer(str(root / 'image.png'), regions_of(root))
    assert (one['pred_scores'] == other['pred_scores']) == (name == 'no-mask')


@pytest.mark.parametrize(
    ('region', 'error', 'message'),
    [
        ('absent.png', FileNotFoundError, 'absent.png: found no such mask'),
        ('other.png', ValueError, 'other.png: found a mask of 90x50 pixels, expected'),
        ('empty.png', ValueError, 'empty.png: found an empty region'),
        ('grey.png', ValueError, 'grey.png: found colours, expected a mask of two'),
        ([[1, 2]], ValueError, r'image.png, region 1: found the polygon \[1, 2\]'),
        (
            box_region((200, 5, 9, 9)),
            ValueError,
            'region 1: found the polygon .*on the',
        ),
        (box_region((90, 5, 9, 9)), ValueError, 'region 1: found an empty region'),
    ],
)
def test_wrong_regions(root, inferencer, region, error, message):
    region = str(root / region) if isinstance(region, str) else region
    with pytest.raises(error, match=message):
        inferencer(str(root / 'image.png'), [region])


def test_other_mistakes(root, inferencer):
    region = box_region((1, 2, 3, 4))
    with pytest.raises(FileNotFoundError, match='absent.png: no such image'):
        inferencer(str(root / 'absent.png'), [region])
    with pytest.raises(ValueError, match='image.png: found no region, expected at'):
        inferencer(str(root / 'image.png'), [])
    with pytest.raises(ValueError, match='batch_size: expected at least 1, found 0'):
        inferencer(str(root / 'image.png'), [region], batch_size=0)
    (root / 'text.png').write_text('no picture')
    with pytest.raises(ValueError, match='text.png: found an unreadable'):
        inferencer(str(root / 'text.png'), [region])
    for box in ((1, 2, 3), (1, 2, 0, 4)):
        with pytest.raises(ValueError, match='expected x,y,width,height in pixels'):
            box_region(box)


def run_demo(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', [str(DEMO), *map(str, arguments)])
    runpy.run_path(str(DEMO), run_name='__main__')


def test_demo(root, tmp_path, monkeypatch, capsys):
    picture = tmp_path / 'named.png'
    arguments = [root / 'image.png', CONFIG, '--weights', root / 'weights.pth']
    regions = ['--mask', root / 'mask.png', root / 'mask.png', '--box', '5,20,30,25']
    regions += ['--polygon', '60,5,85,5,85,40', '--device', 'cpu']
    run_demo(monkeypatch, *arguments, *regions, '--out-file', picture)
    lines = capsys.readouterr().out.splitlines()[-4:]
    assert [line.partition(':')[0] for line in lines] == [
        'region 1 at 20,10,50,30',
        'region 2 at 20,10,50,30',
        'region 3 at 5,20,35,45',
        'region 4 at 60,5,85,39',
    ]
    assert cv2.imread(str(picture)).shape == (667, 1000, 3)
    with pytest.raises(SystemExit):
        run_demo(monkeypatch, *arguments, *regions, '--out-file', picture)
    assert 'named.png exists, name a new file' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('region', 'message'),
    [
        ((), 'image.png: found no region, expected at least one'),
        (('--box', '1,2,3'), 'box: found 1.0,2.0,3.0, expected x,y,width,height'),
        (('--box', '1,2,3,x'), "found '1,2,3,x', expected numbers with commas"),
        (('--polygon', '1,2,3,4'), 'region 1: found the polygon [1.0, 2.0, 3.0, 4.0]'),
    ],
)
def test_mistakes_on_the_command_line(root, region, message, monkeypatch, capsys):
    with pytest.raises(SystemExit) as caught:
        run_demo(
            monkeypatch,
            *(root / 'image.png', CONFIG, '--weights', root / 'weights.pth'),
            *('--device', 'cpu', *region),
        )
    assert caught.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_real_photographs(inferencer, tmp_path):
    root = Path(os.environ.get('MMACNN_REAL_DATA', ROOT.parent / 'shared/data'))
    folder = root / 'roi_mask/Test2'
    if not folder.is_dir():
        pytest.skip(f'no photographs in {root} (MMACNN_REAL_DATA names their folder)')
    masks = sorted(map(str, folder.glob('InputMask*.png')))
    out_file = str(tmp_path / 'named.png')
    results = inferencer(str(folder / 'Image.png'), masks, out_file=out_file)
    assert len(results) == 6 and os.path.isfile(out_file)
