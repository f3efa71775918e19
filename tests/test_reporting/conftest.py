# Copyright (c) mmacnn authors. All rights reserved.
"""Results of all methods, as tools/test.py writes them."""

import cv2
import numpy as np
import pytest

from mmacnn.reporting import Run


@pytest.fixture
def photos(tmp_path):
    """Paths of eight photographs of 64x48."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / 'photos' / f'{index}.png' for index in range(8)]
    paths[0].parent.mkdir()
    for path in paths:
        cv2.imwrite(str(path), rng.integers(0, 255, (48, 64, 3), np.uint8))
    return [str(path) for path in paths]


def classified(path, truth, probability, **fields):
    """Two classes; ``probability`` is that of class 1."""
    return dict(
        img_path=path,
        ori_shape=[48, 64],
        img_shape=[48, 64],
        gt_label=[truth],
        pred_label=[int(probability > 0.5)],
        pred_score=[1 - probability, probability],
        **fields,
    )


@pytest.fixture
def acnn(photos):
    """ROIs 3 px beside boxes of 1, 2, ... 8 px; images 2 and 7 are wrong."""
    predictions = [
        classified(
            path,
            index % 2,
            [0.1, 0.9, 0.8, 0.95, 0.2, 0.7, 0.3, 0.4][index],
            gt_bboxes=[[10, 10, 11 + index, 11 + index]],
            scale_factor=[1.0, 1.0],
            pred_roi=[13 - 8, 10 - 6, 14 + index + 8, 11 + index + 6],
        )
        for index, path in enumerate(photos)
    ]
    info = dict(
        classes=['good <b>', 'bad'],
        config='acnn.py',
        config_text='model = dict(type="</script>")',
        weights='acnn.pth',
        seed=5,
        versions=dict(torch='2.8'),
        environment=dict(GCC='12'),
        data=dict(images=8, fingerprint='0123456789abcdef'),
        time=dict(device='cpu', threads=1, batch_size=2, seconds_per_image=[0.9, 0.01]),
    )
    heat = np.zeros((12, 16), np.float16)
    heat[3, 4] = 1
    return Run(
        'A-CNN',
        {'accuracy/top1': 75.0},
        predictions,
        info,
        {2: dict(pred_heatmap=heat)},
    )


@pytest.fixture
def anomaly(photos):
    """Anomaly scores that tell all but one pair apart, and maps of one image."""
    predictions = [
        classified(
            path,
            int(index > 3),
            index / 8,
            pred_anomaly_score=[[1.0, 2.0, 3.0, 5.0, 4.0, 6.0, 7.0, 8.0][index]],
            object_fraction=0.01 * (index > 3),
        )
        for index, path in enumerate(photos)
    ]
    mask = np.zeros((48, 64), np.uint8)
    mask[10:20, 10:20] = 255
    png = cv2.imencode('.png', mask)[1].tobytes()
    heat = np.linspace(-3, 3, 16, dtype=np.float16).reshape(4, 4)
    maps = {4: dict(pred_heatmap=heat, pred_mask=png, gt_seg_map=png)}
    return Run('anomaly', {}, predictions, dict(classes=['good', 'bad']), maps)


@pytest.fixture
def detector(photos):
    """Boxes: one found, one of the wrong class, one missed, one made up, one weak."""
    predictions = [
        dict(
            img_path=path,
            ori_shape=[48, 64],
            gt_instances=dict(bboxes=[[0, 0, 10, 10]], labels=[0]),
            pred_instances=dict(bboxes=[[0, 0, 10, 10]], labels=[0], scores=[0.9]),
        )
        for path in photos
    ]
    predictions[1]['pred_instances']['labels'] = [1]
    predictions[2]['pred_instances'] = dict(bboxes=[], labels=[], scores=[])
    predictions[3]['gt_instances'] = dict(bboxes=[], labels=[])
    predictions[4]['pred_instances']['scores'] = [0.2]
    return Run(
        'detector', {'coco/bbox_mAP': 0.5}, predictions, dict(classes=['pit', 'dent'])
    )
