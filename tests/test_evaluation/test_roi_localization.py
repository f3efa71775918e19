# Copyright (c) mmacnn authors. All rights reserved.
"""Expected numbers are worked out by hand in the comments beside them."""

import json
import socket
import subprocess
import sys

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpretrain.structures import DataSample

from mmacnn.evaluation import RoILocalizationMetric
from mmacnn.registry import METRICS

TWO_PROCESSES = """
import json, os
import torch
import torch.distributed
from mmacnn.evaluation import RoILocalizationMetric

torch.distributed.init_process_group('gloo')
rank = int(os.environ['RANK'])
box = torch.tensor([[40.0, 40.0, 60.0, 60.0]])


def sample(shift):
    return dict(
        gt_bboxes=box if shift is not None else box[:0],
        pred_roi=torch.tensor([30.0, 30.0, 70.0, 70.0]) + (shift or 0.0),
        ori_shape=(100, 100),
    )


# Five images over two processes: the sixth place repeats the first image.
shifts = ([1.0, None, 3.0], [0.0, 4.0, 1.0])[rank]
metric = RoILocalizationMetric()
metric.process({}, [sample(shift) for shift in shifts])
print(json.dumps(metric.evaluate(5)))
torch.distributed.destroy_process_group()
"""


def make_sample(
    box=(40, 40, 60, 60), roi=(30, 30, 70, 70), ori_shape=(100, 200), **metainfo
) -> DataSample:
    boxes = torch.tensor([box] if box else [], dtype=torch.float32).reshape(-1, 4)
    sample = DataSample(metainfo=dict(ori_shape=ori_shape, **metainfo))
    sample.set_field(boxes, 'gt_bboxes')
    if roi is not None:
        sample.set_field(torch.tensor(roi, dtype=torch.float32), 'pred_roi')
    return sample


def evaluate(*samples, **kwargs) -> dict:
    evaluator = Evaluator(RoILocalizationMetric(**kwargs))
    evaluator.process(data_samples=list(samples), data_batch={})
    return evaluator.evaluate(len(samples))


def test_it_is_registered():
    metric = METRICS.build(dict(type='mmacnn.RoILocalizationMetric', tolerance=2.0))

    assert metric.prefix == 'roi'
    assert metric.tolerance == 2.0


def test_one_image_by_hand():
    # Box 20x20 about (50, 50), ROI 40x40 about (53, 54): 3-4-5 triangle.
    result = evaluate(make_sample(roi=(33, 34, 73, 74)))

    assert result == pytest.approx(
        {
            'roi/centre_error_median': 5.0,
            'roi/centre_error_mean': 5.0,
            'roi/centre_error_p95': 5.0,
            'roi/centre_error_max': 5.0,
            'roi/hit_rate': 100.0,
            'roi/object_to_image': 2.0,  # 400 / 20000
            'roi/object_to_roi': 25.0,  # 400 / 1600
        }
    )


def test_box_is_mapped_back_to_the_original_image():
    # Input = original x (0.5, 2): box (20, 80, 30, 120) was (40, 40, 60, 60).
    result = evaluate(make_sample(box=(20, 80, 30, 120), scale_factor=(0.5, 2.0)))

    assert result['roi/centre_error_max'] == pytest.approx(0.0)
    assert result['roi/object_to_image'] == pytest.approx(2.0)


def test_summary_of_several_images():
    # Errors 0, 10, 20, 30, 40 px to the right: median 20, mean 20, 95th percentile
    # 38 (0.8 of the way from 30 to 40). ROI and box keep 10 px: hits at 0 and 10.
    # Fraction of the box inside: 1, 1, 1/2, 0, 0 of 400 px in 1600: mean 12.5 %.
    result = evaluate(
        *[make_sample(roi=(30 + x, 30, 70 + x, 70)) for x in (30, 0, 40, 10, 20)]
    )

    assert result['roi/centre_error_median'] == pytest.approx(20.0)
    assert result['roi/centre_error_mean'] == pytest.approx(20.0)
    assert result['roi/centre_error_p95'] == pytest.approx(38.0)
    assert result['roi/centre_error_max'] == pytest.approx(40.0)
    assert result['roi/hit_rate'] == pytest.approx(40.0)
    assert result['roi/object_to_roi'] == pytest.approx(12.5)


@pytest.mark.parametrize(
    'roi, tolerance, hit',
    [
        ((40, 40, 60, 60), 0.0, True),
        ((40.25, 40, 60.25, 60), 0.0, False),
        ((40.5, 40, 60.5, 60), 0.5, True),
        ((40, 39.25, 60, 59.25), 0.5, False),
        ((-30, -30, 61, 61), 0.5, True),  # The ROI may reach outside the image.
        ((45, 45, 55, 55), 0.5, False),  # Inside the box, and so too small.
    ],
)
def test_a_hit_is_the_box_wholly_inside(roi, tolerance, hit):
    result = evaluate(make_sample(roi=roi), tolerance=tolerance)

    assert result['roi/hit_rate'] == (100.0 if hit else 0.0)


def test_images_without_one_box_or_without_roi_do_not_count():
    two_boxes = make_sample()
    two_boxes.set_field(torch.zeros(2, 4), 'gt_bboxes')
    result = evaluate(
        make_sample(box=None), two_boxes, make_sample(roi=None), make_sample()
    )

    assert result['roi/centre_error_max'] == pytest.approx(0.0)
    assert result['roi/hit_rate'] == 100.0


def test_nothing_to_compare_gives_nothing_and_says_so(monkeypatch):
    lines = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'log', lambda level, line: lines.append(line))

    assert evaluate(make_sample(box=None), make_sample(roi=None)) == {}
    assert any('0 of 2 images' in line for line in lines)


def test_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match='tolerance must be >= 0 pixels, got -1'):
        RoILocalizationMetric(tolerance=-1)


def test_two_processes_agree_and_repeated_images_count_once(tmp_path):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    environment = dict(
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
        WORLD_SIZE='2',
        OMP_NUM_THREADS='1',
        PYTHONPATH=':'.join(path for path in sys.path if path),
        PYTHONWARNINGS='ignore',
    )
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', TWO_PROCESSES],
            env=dict(environment, RANK=str(rank), LOCAL_RANK=str(rank)),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in processes]

    assert all(process.returncode == 0 for process in processes), outputs
    first, second = (json.loads(out.splitlines()[-1]) for out, _ in outputs)
    assert first == second
    # Shifts 0, 1, 3, 4 px along both axes, one image without a box, one repeated.
    assert first['roi/centre_error_mean'] == pytest.approx(2.0 * 2**0.5)
    assert first['roi/centre_error_max'] == pytest.approx(4.0 * 2**0.5)
