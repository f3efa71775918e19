# Copyright (c) mmacnn authors. All rights reserved.
import copy

import numpy as np
import pytest
import torch
from mmengine.hooks import EMAHook

from mmacnn.apis import train
from mmacnn.datasets import YOLORoIDataset
from mmacnn.engine.hooks import SelfTrainingHook
from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.utils import InputError

from ...testing.paths import ROOT

CONFIG = str(ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py')
WEIGHTS = str(ROOT / 'demo/acnn-opt_synthetic-product-code.pth')


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """The shipped weights, trained for two epochs on eight images with two boxes."""
    folder = tmp_path_factory.mktemp('self-training')
    data = folder / 'data'
    write_dataset(TASKS['product-code'], data, dict(train=8, test=1), (480, 640), 3)
    options = {
        'data_root': str(data),
        'load_from': WEIGHTS,
        'custom_hooks': [dict(type='mmacnn.SelfTrainingHook')],
        'optim_wrapper.optimizer.lr': 1e-6,
        'param_scheduler': [],
        'train_cfg': dict(max_epochs=2, val_interval=9),
        'train_dataloader.batch_size': 4,
        'train_dataloader.dataset.box_fraction': 0.25,
    }
    work_dir = folder / 'work'
    return data, work_dir, train(CONFIG, str(work_dir), cfg_options=options), options


def boxes(runner):
    dataset = runner.train_dataloader.dataset
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return [info['gt_bboxes'] for info in infos]


def test_boxes_lie_where_the_hidden_ones_are(trained):
    data, _, runner, _ = trained
    prefix = dict(img_path='train/images', label_path='train/labels')
    dataset = YOLORoIDataset(str(data), prefix)
    truth = [dataset.get_data_info(i)['gt_bboxes'] for i in range(8)]
    found = boxes(runner)
    assert sum(map(len, found)) >= 6, 'the shipped weights read most of these'
    for own, true in zip(found, truth, strict=True):
        for box in own:
            centres = (each.reshape(2, 2).mean(0) for each in (box, true[0]))
            np.testing.assert_allclose(*centres, atol=12)
    # The two with a drawn box are no longer shown more often than the others.
    assert len(runner.train_dataloader.sampler.repeated) == 8


def test_a_resumed_training_has_them_too(trained):
    _, work_dir, runner, options = trained
    resumed = train(CONFIG, str(work_dir), resume='latest', cfg_options=options)
    for one, other in zip(boxes(resumed), boxes(runner), strict=True):
        np.testing.assert_array_equal(one, other)


def without_boxes(options, begin, **more):
    return options | {
        'custom_hooks': [dict(type='mmacnn.SelfTrainingHook', begin=begin)],
        'train_cfg': dict(max_epochs=1, val_interval=9),
        'train_dataloader.dataset.box_fraction': 0.0,
        **more,
    }


def test_weights_that_find_the_object_need_no_box(trained, tmp_path):
    options = without_boxes(trained[3], [0.0])
    found = boxes(train(CONFIG, str(tmp_path), cfg_options=options))
    assert sum(map(len, found)) >= 6, 'the shipped weights read most of these'


@pytest.mark.parametrize('begin', [0.0, 0.5])
def test_no_box_and_no_weights(trained, tmp_path, begin):
    options = without_boxes(trained[3], [begin], load_from=None)
    with pytest.raises(InputError, match='no training image has a box'):
        train(CONFIG, str(tmp_path), cfg_options=options)


def test_the_moving_average_finds_the_boxes(trained):
    runner = trained[2]
    (hook,) = (each for each in runner.hooks if isinstance(each, SelfTrainingHook))
    average = EMAHook()
    average.before_run(runner)
    state = copy.deepcopy(runner.model.state_dict())
    torch.nn.init.zeros_(runner.model.localizer.conv.weight)
    assert not hook._find(runner), 'no localizer, no box'
    runner._hooks.append(average)
    found = hook._find(runner)
    runner._hooks.remove(average)
    runner.model.load_state_dict(state)
    assert len(found) >= 4


def test_settings_out_of_range():
    with pytest.raises(InputError, match='begin'):
        SelfTrainingHook(begin=[1.0])
    with pytest.raises(InputError, match='min_score'):
        SelfTrainingHook(min_score=90)


def test_part_of_a_data_set(trained, tmp_path):
    options = without_boxes(trained[3], [0.0])
    options['train_dataloader.dataset.indices'] = [7, 2, 4, 5]
    runner = train(CONFIG, str(tmp_path), cfg_options=options)
    whole, apart = boxes(trained[2]), []
    for index, found in zip([7, 2, 4, 5], boxes(runner), strict=True):
        if len(found) and len(whole[index]):
            centres = [np.split(each[0], 2) for each in (found, whole[index])]
            apart.append(np.subtract(*[np.mean(corners, 0) for corners in centres]))
    assert len(apart) >= 2 and np.abs(apart).max() < 20


def test_what_it_does_not_fit(trained, tmp_path):
    wrapped = dict(type='mmengine.RepeatDataset', times=2)
    options = without_boxes(trained[3], [0.0])
    dataset = trained[2].cfg.train_dataloader.dataset.to_dict()
    options['train_dataloader.dataset'] = dict(
        **wrapped, dataset=dataset, _delete_=True
    )
    with pytest.raises(InputError, match='RepeatDataset'):
        train(CONFIG, str(tmp_path), cfg_options=options)
    whole_image = str(
        ROOT / 'configs/acnn/baseline_strided_8e_synthetic-product-code.py'
    )
    with pytest.raises(InputError, match='ImageClassifier: remove the hook'):
        train(whole_image, str(tmp_path), cfg_options=without_boxes(trained[3], [0.0]))
