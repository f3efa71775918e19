# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import torch

from mmacnn.evaluation import AnomalyMetric, DefectMapMetric, RegionAccuracy
from mmacnn.evaluation.roi_localization import RoILocalizationMetric
from mmacnn.reporting.metric_names import metric_name


def samples():
    truth = np.zeros((8, 8), np.uint8)
    truth[2:4, 2:4] = 1
    for label, kind in ((0, None), (1, 'dent'), (1, 'scratch')):
        heat = torch.rand(8, 8)
        yield dict(
            gt_label=label,
            pred_label=label,
            pred_score=torch.tensor([1.0 - label, label]),
            pred_anomaly_score=0.1 + label,
            defect_kind=kind,
            gt_seg_map=truth * label,
            pred_heatmap=heat,
            pred_mask=heat > 0.5,
            region_fraction=0.1,
            gt_bboxes=[[1.0, 1, 4, 4]],
            pred_roi=[1.0, 1, 5, 5],
            ori_shape=(8, 8),
        )


def test_each_metric_of_ours_has_words():
    for metric in (
        AnomalyMetric(),
        DefectMapMetric(),
        RegionAccuracy(),
        RoILocalizationMetric(),
    ):
        metric.process({}, list(samples()))
        names = [f'{metric.prefix}/{n}' for n in metric.compute_metrics(metric.results)]
        assert names
        assert [name for name in names if metric_name(name) == name] == []
