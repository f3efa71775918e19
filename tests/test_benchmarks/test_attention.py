# Copyright (c) mmacnn authors. All rights reserved.
import attention
import pytest
from attention import (
    Cost,
    compare_in_detector,
    compare_on_maps,
    format_table,
)

DETECTOR = """
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'
custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)
default_scope = 'mmdet'
model = dict(
    backbone=dict(
        base_channels=8,
        frozen_stages=-1,
        init_cfg=None,
        plugins=[
            dict(
                cfg=dict(type={plugin!r}, {setting}),
                position='after_conv2',
                stages=(True, False, False, False),
            )
        ],
    ),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=8),
    rpn_head=dict(in_channels=8, feat_channels=8),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=8),
        bbox_head=dict(in_channels=8, fc_out_channels=8, num_classes=2),
    ),
    train_cfg=dict(rpn_proposal=dict(max_per_img=20), rcnn=dict(sampler=dict(num=20))),
    test_cfg=dict(rpn=dict(max_per_img=20)),
)
"""


@pytest.fixture
def detector(tmp_path):
    path = tmp_path / 'canet.py'
    path.write_text(
        DETECTOR.format(plugin='mmacnn.SpatialAttentionEncoder', setting='kv_stride=1')
    )
    return str(path)


def test_linear_form_is_cheaper():
    found = compare_on_maps([(48, 40)], 8, num_heads=4, kv_stride=1, rounds=2)
    assert [(each.input, each.step) for each in found] == [
        ('8x48x40', 'forward'),
        ('8x48x40', 'train'),
    ]
    pixels = 48 * 40
    matrix = 4 * pixels**2 * 4
    for each, matrices in zip(found, (2, 4), strict=True):
        assert matrix < each.quadratic.peak_bytes < (matrices + 0.5) * matrix
        # The output, and what is as large: nothing of the size of the matrix.
        assert each.linear.peak_bytes < 4 * 8 * pixels * 4
        assert each.quadratic.seconds > each.linear.seconds


def test_what_would_not_fit_is_left_out(monkeypatch):
    monkeypatch.setattr(attention, '_available_memory', lambda: 10_000)
    forward, train = compare_on_maps([(10, 10)], 8, 4, 1, rounds=1)
    assert forward.quadratic == 'left out: 0.0 GB are more than half of the 0.0 GB free'
    assert isinstance(train.quadratic, str) and train.linear.seconds > 0
    row = format_table([forward]).splitlines()[-1]
    assert row.startswith('| 8x10x10 | forward | ') and row.count('|') == 9
    assert '| left out: 0.0 GB' in row


def test_whole_detector(detector):
    forward, train = compare_in_detector(detector, (64, 96), rounds=1)
    assert forward.input == 'image of 64x96'
    assert isinstance(forward.quadratic, Cost) and isinstance(train.quadratic, Cost)
    # Three encoders of 8 heads on 16x24 pixels keep their matrices until the way back.
    matrix = 8 * (16 * 24) ** 2 * 4
    assert train.quadratic.peak_bytes - train.linear.peak_bytes > 2 * matrix
    table = format_table([forward, train]).splitlines()
    assert len(table) == 4 and all(line.count('|') == 9 for line in table)


def test_detector_without_the_encoder(tmp_path):
    path = tmp_path / 'other.py'
    path.write_text(DETECTOR.format(plugin='ContextBlock', setting='ratio=0.25'))
    with pytest.raises(ValueError, match='expected an mmacnn.SpatialAttentionEncoder'):
        compare_in_detector(str(path), (64, 64), rounds=1)
