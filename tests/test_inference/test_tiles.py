# Copyright (c) mmacnn authors. All rights reserved.
"""Small defects on large photographs, tile by tile."""

import cv2
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmpretrain.structures import DataSample

from mmacnn.inference.classification import ClassificationInferencer
from mmacnn.inference.detection import DetectionInferencer
from mmacnn.line.tiles import merge_boxes, tile_windows
from mmacnn.utils import InputError


@pytest.mark.parametrize('size', [(100, 150), (640, 641), (2000, 640), (50, 700)])
@pytest.mark.parametrize('overlap', [0.0, 0.2, 0.5])
def test_tiles_show_all_and_overlap(size, overlap):
    tile, seen = 96, np.zeros(size, int)
    windows = tile_windows(size, tile, overlap)
    for left, top, right, bottom in windows:
        assert (bottom - top, right - left) == tuple(min(side, tile) for side in size)
        seen[top:bottom, left:right] += 1
    assert seen.min() == 1 and len(set(windows)) == len(windows)
    for axis in (0, 1):
        starts = sorted({window[axis] for window in windows})
        assert max(np.diff(starts), default=0) <= tile * (1 - overlap) + 1


def test_boxes_of_two_tiles_are_one():
    boxes = np.array(
        [
            (10, 10, 30, 20),  # whole
            (24, 10, 30, 20),  # its part in the next tile
            (50, 10, 60, 20),  # one half ...
            (55, 10, 70, 20),  # ... and the other
            (24, 10, 30, 20),  # of another class
            (10, 10, 31, 20),  # of the same tile
            (10, 10, 90, 90),  # hardly sure of it
        ],
        dtype=np.float32,
    )
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.05])
    labels = np.array([0, 0, 0, 0, 1, 0, 0])
    tiles = np.array([0, 1, 0, 1, 1, 0, 2])
    found, kept = merge_boxes(boxes, scores, labels, tiles)
    assert kept.tolist() == [0, 2, 4, 5]
    assert found[0].tolist() == [10, 10, 30, 20]
    assert found[1].tolist() == [50, 10, 70, 20]
    assert len(merge_boxes(boxes[:0], scores[:0], labels[:0], tiles[:0])[0]) == 0


class BlobInferencer(DetectionInferencer):
    """Finds bright spots, in what it is shown at once."""

    def __init__(self, tile):
        self.tile, self.overlap, self.shown = tile, 0.2, []

    def preprocess(self, images, names):
        self.shown += [image.shape[:2] for image in images]
        return images

    def forward(self, images):
        return [_blobs(image) for image in images]


def _blobs(image):
    _, _, stats, _ = cv2.connectedComponentsWithStats(image[..., 0])
    boxes = torch.from_numpy(stats[1:, :4].astype(np.float32))
    boxes[:, 2:] += boxes[:, :2]
    found = InstanceData(
        bboxes=boxes,
        scores=torch.full((len(boxes),), 0.9),
        labels=torch.zeros(len(boxes), dtype=torch.long),
    )
    return DetDataSample(pred_instances=found)


def test_each_small_defect_is_found_once():
    rng = np.random.default_rng(0)
    image, truth = np.zeros((960, 1280, 3), np.uint8), set()
    for row in range(5):
        for column in range(8):  # many across the edges of tiles
            width, height = rng.integers(8, 13, 2)
            left, top = 160 * column + rng.integers(140), 190 * row + rng.integers(170)
            image[top : top + height, left : left + width] = 255
            truth.add((left, top, left + width, top + height))
    inferencer = BlobInferencer(tile=320)
    (found,) = inferencer.predict([image], ['large'])
    assert {tuple(map(int, box)) for box in found.pred_instances.bboxes} == truth
    assert len(found.pred_instances) == len(truth) == 40
    assert found.ori_shape == (960, 1280) and set(inferencer.shown) == {(320, 320)}


def test_an_image_that_fits_is_left_alone():
    inferencer = BlobInferencer(tile=320)
    inferencer.predict([np.zeros((320, 200, 3), np.uint8)] * 2, ['a', 'b'])
    assert inferencer.shown == [(320, 200)] * 2


class MapInferencer(ClassificationInferencer):
    """The brightness of half as many pixels as a map, its maximum as a score."""

    def __init__(self, fields):
        self.tile, self.overlap, self.fields = 320, 0.2, fields

    def preprocess(self, images, names):
        return images

    def forward(self, images):
        samples = []
        for image in images:
            small = torch.from_numpy(image[::2, ::2, 0].astype(np.float32))
            score = small.max() / 255
            known = dict(
                pred_heatmap=small,
                pred_mask=small > 99,
                pred_score=torch.stack((1 - score, score)),
                pred_anomaly_score=score,
                pred_label=(score > 0.5).long()[None],
            )
            sample = DataSample(metainfo=dict(map_threshold=99.0))
            for name in self.fields:
                sample.set_field(known[name], name)
            samples.append(sample)
        return samples


MAPS = ('pred_heatmap', 'pred_mask', 'pred_score', 'pred_label')


@pytest.mark.parametrize('fields', [MAPS, (*MAPS, 'pred_anomaly_score')])
def test_maps_of_tiles_are_one_and_the_worst_tile_decides(fields):
    image = np.zeros((400, 700, 3), np.uint8)
    places = [(300, 100, 12), (690, 390, 8)]  # one where tiles overlap, one in a corner
    for left, top, side in places:
        image[top : top + side, left : left + side] = 200
    inferencer = MapInferencer(fields)
    inferencer.classes = ('good', 'defective')
    (found,) = inferencer.predict([image], ['large'])
    result = inferencer.postprocess(found, 'large', (400, 700))
    assert result.class_name == 'defective' and result.score == pytest.approx(200 / 255)
    assert result.heatmap.shape == (400, 700)
    assert len(result.detections) == 2  # none twice
    for each, (left, top, side) in zip(result.detections, places, strict=True):
        expected = (left, top, left + side, top + side)
        assert np.abs(np.subtract(each.box, expected)).max() <= 2
    assert not inferencer.predict([image * 0], ['dark'])[0].pred_mask.any()


def test_no_tiles_for_what_names_products():
    inferencer = MapInferencer(('pred_score', 'pred_label'))
    with pytest.raises(InputError, match='tile: found a model that does not tell good'):
        inferencer.predict([np.zeros((400, 700, 3), np.uint8)], ['large'])
