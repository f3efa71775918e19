# Copyright (c) mmacnn authors. All rights reserved.
"""Score, map, regions and words of one picture agree, for each method."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmpretrain.structures import DataSample

from mmacnn.cli.inspect import describe
from mmacnn.inference.classification import ClassificationInferencer
from mmacnn.inference.detection import DetectionInferencer
from mmacnn.inference.result import InspectionResult
from mmacnn.models.anomaly.detector import AnomalyDetector
from mmacnn.models.heads import CAMHead
from mmacnn.ops import connected_regions
from mmacnn.visualization import RoIVisualizer, map_overlay, region_names, words
from mmacnn.visualization import roi_visualizer as drawn_by
from mmacnn.visualization.roi_visualizer import GAP, HEADER, ROI_COLOUR

IMAGE = np.full((96, 128, 3), 120, np.uint8)
PHOTO = slice(HEADER, HEADER + 600), slice(GAP, GAP + 800)


@pytest.fixture
def draw(monkeypatch):
    """Draw a sample: the photograph in the picture, and all that is written."""

    def draw(sample):
        written = []
        write = drawn_by.draw_text

        def keep(pen, position, text, *args, **kwargs):
            written.append(text)
            return write(pen, position, text, *args, **kwargs)

        monkeypatch.setattr(drawn_by, 'draw_text', keep)
        visualizer = RoIVisualizer()
        visualizer.dataset_meta = dict(classes=('good', 'defect'))
        picture = visualizer.add_datasample('a', IMAGE, sample)
        return picture[PHOTO], written

    return draw


def outlines(photo):
    """How many outlines are drawn; none of these lies within another."""
    line = (photo == ROI_COLOUR).all(-1)
    return len(connected_regions(line).areas)


def cam_sample(logit, cells):
    """What a CAM head says of a map of 6x8 cells, 1 on some and -1 elsewhere."""
    head = CAMHead(2, 4)
    head.place_cells(16, 8)
    cam = torch.full((1, 6, 8), -1.0)
    for row, column in cells:
        cam[0, row, column] = 1
    score = torch.sigmoid(torch.tensor(logit))
    sample = DataSample(metainfo=dict(img_shape=(96, 128)))
    sample.set_pred_score(torch.stack((1 - score, score)))
    sample.set_pred_label(int(logit > 0))
    head.show(sample, cam)
    return sample


class Measured(AnomalyDetector):
    """An anomaly detector whose scores and maps are given."""

    def __init__(self, score, heat):
        core = torch.nn.Module()
        core.feature_extractor = torch.nn.Module()
        core.feature_extractor.is_pretrained = True
        super().__init__(core)
        good = torch.linspace(0.1, 0.9, 30)
        self.calibration.fit(good, torch.zeros(30), good)
        self.measure = lambda images: (torch.tensor([score]), heat[None])


def anomaly_sample(score, cells):
    heat = torch.full((96, 128), 0.2)
    for row, column in cells:
        heat[16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 3.0
    return Measured(score, heat).predict(torch.zeros(1, 3, 96, 128))[0]


RING = [(r, c) for r in (1, 2, 3) for c in (1, 2, 3) if (r, c) != (2, 2)]


@pytest.mark.parametrize('make', [cam_sample, anomaly_sample])
@pytest.mark.parametrize('cells', [[], [(0, 0)], [*RING, (4, 6)]])
@pytest.mark.parametrize('score', [0.3, 2.0])
def test_words_and_regions_of_a_map(draw, make, cells, score):
    sample = make(score if make is anomaly_sample else score - 1, cells)
    photo, written = draw(sample)
    fields = ClassificationInferencer.fields_of(_Named(), sample, (96, 128))
    count = len(fields['detections'])
    assert outlines(photo) == count == min(len(cells), 2)
    is_defective = bool(sample.pred_label)
    assert words.regions(count, is_defective)[0] in written
    conflict = f'{"defective" if is_defective else "good"} {words.BY_SCORE}'
    assert (conflict in written) == (is_defective != bool(count))
    said = describe(InspectionResult('a', 'pass', **fields))
    assert said == f'a: pass, {written[-2]}'


class _Named:
    class_name = staticmethod(('good', 'defect').__getitem__)


def test_a_hole_is_neither_outlined_nor_filled(draw):
    photo, _ = draw(cam_sample(1.0, RING))
    scale = len(photo) / 96
    hole, ring, far = (
        photo[round(y * scale), round(x * scale)]
        for y, x in ((40, 40), (40, 22), (80, 90))
    )
    assert (hole == 120).all() and (far == 120).all() and (ring != 120).any()
    assert outlines(photo) == 1


def test_a_map_that_is_marked_all_over_has_an_outline(draw):
    everywhere = [(r, c) for r in range(6) for c in range(8)]
    photo, written = draw(anomaly_sample(2.0, everywhere))
    assert outlines(photo) == 1 and "1 region above the map's level" in written


def test_no_region_is_lost_in_a_smaller_picture():
    mask = np.zeros((1000, 1000), bool)
    mask[3, 3] = mask[501, 507] = True
    drawn = map_overlay.outline(np.zeros((90, 90, 3), np.uint8), mask, ROI_COLOUR)
    assert outlines(drawn) == 2


def test_a_region_in_the_hole_of_another_has_its_own_outline():
    mask = np.ones((90, 90), bool)
    mask[20:70, 20:70] = False
    mask[40:50, 40:50] = True
    drawn = map_overlay.outline(np.zeros((90, 90, 3), np.uint8), mask, ROI_COLOUR)
    assert outlines(drawn) == 2


def test_red_begins_where_the_map_is_marked(draw):
    sample = cam_sample(1.0, [(2, 2)])
    sample.set_metainfo(dict(map_threshold=5.0))
    values = sample.pred_heatmap.numpy() - sample.map_threshold
    tinted = map_overlay.overlay_map(IMAGE, values).astype(int)
    assert (tinted[..., 0] < tinted[..., 2]).all()


def test_a_good_image_shows_its_score_against_the_threshold(draw):
    _, written = draw(anomaly_sample(0.44, []))
    assert any(text.startswith('good, anomaly 0.44, threshold 0.9') for text in written)


def test_close_numbers_do_not_look_equal():
    said = words.decision('defect', 1.0, anomaly_score=1.00002, threshold=1.00001)
    assert said == 'defect, anomaly 1.00002, threshold 1.00001'


@pytest.mark.parametrize(
    'roi, is_on_it', [((10, 10, 60, 60), True), ((-9, -9, -1, -1), False)]
)
def test_roi_of_acnn(draw, roi, is_on_it):
    sample = DataSample().set_pred_label(1).set_pred_score(torch.tensor([0.1, 0.9]))
    sample.set_field(torch.tensor(roi, dtype=torch.float32), 'pred_roi')
    photo, written = draw(sample)
    assert outlines(photo) == int(is_on_it)
    assert ('predicted ROI' in written) == bool(is_on_it)
    assert ('predicted ROI, outside the image' in written) != bool(is_on_it)


def test_prompt_regions():
    masks = np.zeros((2, 960, 1280), bool)
    masks[0, 100:200, 100:200] = masks[1, 955, 1200] = True
    picture = region_names.draw_region_names(
        np.full((960, 1280, 3), 120, np.uint8), list(masks), ['nut 0.90', 'bolt 0.80']
    )
    for colour in ((31, 119, 180), (255, 127, 14)):
        assert (picture == colour).all(-1).any()


def test_detections_are_the_drawn_boxes():
    inferencer = object.__new__(DetectionInferencer)
    inferencer.score_thr, inferencer.classes = 0.3, ('pit',)
    boxes = InstanceData(
        bboxes=torch.tensor([[5.0, 5, 20, 20], [40, 40, 60, 60], [80, 5, 90, 20]]),
        scores=torch.tensor([0.9, 0.3, 0.29]),
        labels=torch.zeros(3, dtype=torch.long),
    )
    sample = DetDataSample(pred_instances=boxes)
    seen = []

    class Visualizer:
        def add_datasample(self, name, image, shown, pred_score_thr, **settings):
            scores = shown.pred_instances.scores
            seen.extend(scores[scores > pred_score_thr])

    inferencer.visualizer = Visualizer()
    inferencer.visualize('a', IMAGE, sample)
    found = inferencer.fields_of(sample, (96, 128))['detections']
    assert sorted(map(float, seen)) == sorted(each.score for each in found)
    assert len(seen) == 2 and len(sample.pred_instances) == 3


def test_map_of_a_good_class_is_said_to_speak_for_it(draw):
    """Of three classes, the map is that of the predicted one."""
    sample = cam_sample(-1.0, [(0, 0)])
    sample.set_field(torch.tensor([0.8, 0.1, 0.1]), 'pred_score', dtype=None)
    photo, written = draw(sample)
    assert outlines(photo) == 1 and '1 region for good' in written
