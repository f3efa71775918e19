# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

import numpy as np
import pytest

from mmacnn.apis import make_pseudo_labels
from mmacnn.datasets import YOLORoIDataset
from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py')
WEIGHTS = str(ROOT / 'demo/acnn-opt_synthetic-product-code.pth')


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Eight training images, all with boxes."""
    folder = tmp_path_factory.mktemp('world') / 'data'
    write_dataset(TASKS['product-code'], folder, dict(train=8, test=1), (480, 640), 3)
    return folder


def propose(data, out_dir, box_fraction=0.25, **kwargs):
    options = {
        'train_dataloader.dataset.data_root': str(data),
        'train_dataloader.dataset.box_fraction': box_fraction,
        'test_dataloader.dataset.data_root': str(data),
    }
    return make_pseudo_labels(
        CONFIG, WEIGHTS, str(out_dir), cfg_options=options, **kwargs
    )


def boxes(data, label_path, box_fraction=1.0):
    prefix = dict(img_path='train/images', label_path=str(label_path))
    dataset = YOLORoIDataset(str(data), prefix, box_fraction=box_fraction)
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def test_proposals_lie_where_the_hidden_boxes_are(data, tmp_path):
    found = propose(data, tmp_path / 'labels')

    assert found.drawn == 2
    assert found.proposed >= 4, 'the demo weights read most of the training device'
    assert found.drawn + found.proposed + found.undrawn == 8
    truth = boxes(data, 'train/labels')
    drawn = boxes(data, 'train/labels', box_fraction=0.25)
    written = boxes(data, tmp_path / 'labels')
    assert [x['gt_label'] for x in written] == [x['gt_label'] for x in truth]
    for own, new, true in zip(drawn, written, truth, strict=True):
        if len(own['gt_bboxes']):
            np.testing.assert_allclose(new['gt_bboxes'], own['gt_bboxes'], atol=0.01)
        elif len(new['gt_bboxes']):
            centre, expected = (
                x['gt_bboxes'].reshape(2, 2).mean(0) for x in (new, true)
            )
            np.testing.assert_allclose(centre, expected, atol=12)
    assert sum(len(x['gt_bboxes']) for x in written) == found.drawn + found.proposed


def test_nothing_is_proposed_without_certainty(data, tmp_path):
    found = propose(data, tmp_path / 'labels', min_score=1.0)

    assert found.proposed == 0
    assert sum(len(x['gt_bboxes']) for x in boxes(data, tmp_path / 'labels')) == 2


def test_pictures(data, tmp_path):
    propose(data, tmp_path / 'labels', show_dir=str(tmp_path / 'pictures'))

    assert len(list((tmp_path / 'pictures').rglob('*.jpg'))) == 8


def test_labels_of_the_user_are_not_overwritten(data):
    with pytest.raises(FileExistsError, match='labels: expected a new or empty folder'):
        propose(data, data / 'train' / 'labels')


def test_no_box_to_start_from(data, tmp_path):
    with pytest.raises(ValueError, match='found no box in the training set'):
        propose(data, tmp_path / 'labels', box_fraction=0.0)
    assert not (tmp_path / 'labels').exists()
