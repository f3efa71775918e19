# Copyright (c) mmacnn authors. All rights reserved.
"""What outputs say of a frame, by their roles, and the verdict on it."""

import json

import cv2
import numpy as np
import pytest
import torch

from mmacnn.ops import connected_regions, upsample_map

BLUE, RED, GREEN = (250, 20, 10), (10, 20, 250), (20, 250, 10)  # BGR
MEAN, STD = np.array([100, 110, 120]), np.array([50, 60, 70])  # RGB


def frame(colour, size=(12, 24)):
    return np.full((*size, 3), colour, dtype=np.uint8)


def softmax(colour):
    """Of the normalised colour, as RGB."""
    exponent = np.exp((np.array(colour[::-1]) - MEAN) / STD)
    return exponent / exponent.sum()


def spotted(colour=RED):
    """A frame with two blue spots."""
    image = frame(colour)
    image[:4, 5:10] = image[8:, 18:] = BLUE
    return image


@pytest.mark.parametrize(
    ('kind', 'label', 'score', 'roi'),
    [
        ('classifier', 2, softmax(BLUE)[2], None),
        ('box', 2, softmax(BLUE)[2], (3, 4, 15, 8)),
        ('all', 0, 1, (-3, 4, 9, 8)),  # takes raw input: blue comes first
    ],
)
def test_class_and_roi(make_inspection, kind, label, score, roi):
    result = make_inspection(kind)('a.png', frame(BLUE))
    assert result.label == label
    assert result.class_name == ('first', 'second', 'third')[label]
    assert result.score == pytest.approx(score, abs=1e-5)
    assert result.roi == roi
    assert (result.verdict, result.detections, result.mask) == ('pass', (), None)
    assert (result.source, result.error) == ('a.png', '')


def test_map(make_inspection):
    """Heat map and defect regions as the workstation makes them."""
    image = spotted()
    result = make_inspection('cam')('a.png', image)
    assert (result.label, result.class_name) == (0, 'first')

    blue = cv2.resize(image, (8, 6))[..., 0]
    cells = torch.tensor((blue[::2, ::2] - 120.0) / 70)[None, None]
    expected = upsample_map(cells, (6, 8), stride=2, offset=0.5)[0, 0].numpy()
    np.testing.assert_allclose(result.heatmap, expected, rtol=0, atol=1e-6)
    regions = connected_regions(expected > 0)
    assert len(regions.boxes) == 2
    assert [each.box for each in result.detections] == [
        tuple(box) for box in regions.boxes * [3, 2, 3, 2]
    ]
    assert result.mask.shape == (12, 24)
    np.testing.assert_array_equal(result.mask[::2, ::3], expected > 0)


@pytest.mark.parametrize(
    ('size', 'cells', 'stride', 'offset'),
    [((30, 47), (7, 5), 8, 4.0), ((9, 7), (1, 3), 2, 0.5), ((6, 8), (6, 8), 1, 0.5)],
)
def test_cells_of_a_map(size, cells, stride, offset):
    from runner.maps import over_input

    values = torch.randn(1, 1, *cells, dtype=torch.float64)
    expected = upsample_map(values, size, stride, offset)[0, 0]
    found = over_input(values[0, 0].numpy(), size, size, stride, offset)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    # Without a stride, the map covers the input edge to edge.
    expected = torch.nn.functional.interpolate(
        values, size, mode='bilinear', align_corners=False
    )[0, 0]
    found = over_input(values[0, 0].numpy(), size, size)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    padded = over_input(values[0, 0].numpy(), size, (size[0] - 2, size[1] - 3))
    np.testing.assert_allclose(padded, expected[:-2, :-3], rtol=0, atol=1e-5)


@pytest.mark.parametrize('kind', ['anomaly', 'anomaly map'])
@pytest.mark.parametrize(
    ('colour', 'label', 'verdict'), [(RED, 0, 'pass'), (BLUE, 1, 'fail')]
)
def test_anomaly(make_inspection, kind, colour, label, verdict):
    result = make_inspection(kind)('a.png', frame(colour))
    first, _, last = softmax(colour)
    assert result.anomaly_score == pytest.approx(10 * (last - first), abs=1e-4)
    pair = 1 / (1 + np.exp(first - last))
    score = pair if label else 1 - pair
    assert result.score == pytest.approx(score, abs=1e-5)
    assert (result.label, result.verdict) == (label, verdict)
    assert result.class_name == ('first', 'second')[label]
    is_marked = kind == 'anomaly map' and colour == BLUE
    boxes = [(0, 0, 24, 12)] if is_marked else []
    assert [each.box for each in result.detections] == boxes
    assert (result.mask is None) == (kind == 'anomaly')


def test_label_of_the_graph_decides(make_inspection):
    """Its threshold is 5, where the scores say more than a half for the second."""
    result = make_inspection('anomaly')('a.png', frame((150, 20, 110)))
    assert 0 < result.anomaly_score < 5
    assert (result.label, result.verdict) == (0, 'pass')
    assert result.score < 0.5


@pytest.mark.parametrize(
    ('size', 'scale'), [((12, 24), (3, 3)), ((24, 12), (3, 3)), ((4, 4), (0.5, 0.5))]
)
def test_detector(make_inspection, size, scale):
    result = make_inspection('detector')('a.png', frame(BLUE, size))
    (found,) = result.detections
    x, y = scale
    assert found.box == pytest.approx((x, y / 2, 5 * x, 3 * y))
    assert (found.class_name, found.score) == (result.class_name, result.score)
    assert (result.label, result.class_name) == (2, 'third')
    assert result.roi is None and result.heatmap is None
    if size == (12, 24):  # the mask is off in its upper right quarter
        assert not result.mask[:, 15:].any() and not result.mask[9:].any()
        assert result.mask[8, 14] and not result.mask[3, 14] and result.mask[3, 4]


def test_masks_of_the_size_of_the_input():
    from runner.decoding import _union
    from runner.preprocessing import Prepared
    from runner.results import Detection

    prepared = Prepared(None, (8, 8), (4, 8), (0.5, 0.5), (8, 16))
    mask = np.zeros((1, 8, 8), np.float32)
    mask[0, :2, :3] = 1
    union = _union(mask, [Detection((0, 0, 9, 9))], prepared)
    assert union.shape == (8, 16)
    assert union[:4, :6].all() and union.sum() == 24


@pytest.mark.parametrize('batch', [None, 1, 2])
def test_prompt_regions(make_inspection, batch):
    """In the order that they are named; the result is that of the least sure one."""
    image = frame(RED)
    image[:, 12:], image[6:, :12] = BLUE, (90, 20, 110)
    boxes = (12, 0, 12, 12), (0, 6, 12, 6), (0, 0, 12, 6)
    inspection = make_inspection('regions', boxes)
    taken, shapes = inspection.model.input, []
    taken.shape = (batch, *taken.shape[1:])
    network = inspection.backend.run

    def run(array):
        shapes.append(len(array))
        return network(array)

    inspection.backend.run = run
    result = inspection('a.png', image)
    assert shapes == {None: [3], 1: [1, 1, 1], 2: [2, 2]}[batch]
    assert [each.class_name for each in result.detections] == [
        *('third', 'first', 'first')
    ]
    assert [each.box for each in result.detections] == [
        *((12, 0, 24, 12), (0, 6, 12, 12), (0, 0, 12, 6))
    ]
    scores = [each.score for each in result.detections]
    expected = [softmax(BLUE)[2], softmax((90, 20, 110))[0], softmax(RED)[0]]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert (result.label, result.class_name) == (0, 'first')
    assert result.score == min(scores)


def test_numbers_that_are_none(make_inspection):
    inspection = make_inspection('anomaly')
    names = inspection.model.names
    inspection.backend.run = lambda array: {
        name: np.full((1, 2), np.nan, np.float32) for name in names.values()
    }
    result = inspection('a.png', frame(RED))
    assert (result.verdict, result.label) == ('unsure', None)
    assert result.error.startswith('a.png: the model gave numbers that are NaN')


@pytest.mark.parametrize(
    ('kind', 'colour', 'settings', 'verdict'),
    [
        # A classifier names products: none fails, unless classes are accepted.
        ('classifier', BLUE, {}, 'pass'),
        ('classifier', BLUE, dict(accept=['third']), 'pass'),
        ('classifier', BLUE, dict(accept=['first', 'second']), 'fail'),
        ('classifier', BLUE, dict(accept=['first'], min_score=0.95), 'unsure'),
        # A model with a map marks defects, the good class is the first one.
        ('cam', RED, {}, 'pass'),
        ('cam', BLUE, {}, 'fail'),
        ('cam', BLUE, dict(accept=['second']), 'pass'),
        ('cam', BLUE, dict(min_score=0.95), 'unsure'),
        ('anomaly', BLUE, dict(min_score=0.9), 'unsure'),
        # A detector fails on any box of a class that is not accepted.
        ('detector', BLUE, {}, 'fail'),
        ('detector', BLUE, dict(accept=['third']), 'pass'),
        ('detector', BLUE, dict(accept=['first']), 'fail'),
        ('detector', BLUE, dict(min_score=0.95), 'unsure'),
        ('detector', BLUE, dict(score_thr=0.95), 'pass'),
        ('detector', BLUE, dict(score_thr=0.95, min_score=0.97), 'pass'),
    ],
)
def test_verdict(make_inspection, kind, colour, settings, verdict):
    rules = {key: settings[key] for key in settings if key != 'score_thr'}
    score_thr = settings.get('score_thr', 0.3)
    inspection = make_inspection(kind, rules=rules, score_thr=score_thr)
    assert inspection('a.png', frame(colour)).verdict == verdict


def test_verdict_on_prompt_regions(make_inspection):
    image = frame(RED)
    image[:, 12:] = BLUE
    boxes = (0, 0, 12, 12), (12, 0, 12, 12)

    from line.rules import Judge

    inspection = make_inspection('regions', boxes)
    for rules, verdict in (
        ({}, 'pass'),
        (dict(accept=['first']), 'fail'),
        (dict(accept=['first', 'third']), 'pass'),
        (dict(accept=['first'], min_score=0.99), 'unsure'),
    ):
        inspection.judge = Judge(rules, inspection.model.classes)
        assert inspection('a.png', image).verdict == verdict


def test_map_alone(make_inspection):
    """A verdict without scores: whether something is marked."""
    inspection = make_inspection('cam')
    model = inspection.model
    for attribute in (model.outputs, model.names):
        del attribute['scores']
    assert inspection('a.png', spotted()).verdict == 'fail'
    result = inspection('a.png', frame(RED))
    assert (result.verdict, result.label, result.detections) == ('pass', None, ())


@pytest.mark.parametrize('kind', ['cam', 'anomaly map', 'detector', 'all', 'box'])
def test_picture(make_inspection, kind):
    from runner.drawing import BLACK, COLOURS, draw

    image = cv2.resize(spotted((60, 60, 60)), (480, 240), interpolation=0)
    result = make_inspection(kind)('a.png', image)
    picture = draw(image, result)
    assert picture.shape == image.shape and picture.dtype == np.uint8
    colours = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert {COLOURS[result.verdict], BLACK} <= colours
    if result.heatmap is not None:
        marked, other = picture[200, 420].astype(int), picture[150, 60].astype(int)
        assert marked[2] > marked[0] and other[0] > other[2]
    json.dumps(result.to_dict())


def test_words_agree_with_the_regions():
    from runner.drawing import words
    from runner.results import Detection, Result

    mask, regions = np.zeros((6, 8), bool), (Detection((0, 0, 2, 2), area=0.1),) * 2
    known = dict(anomaly_score=0.44, anomaly_threshold=1.0, score=0.11, mask=mask)
    good = Result('a', 'pass', label=0, class_name='good', **known)
    assert words(good) == ['PASS', 'good', 'anomaly 0.44, threshold 1']
    assert words(good._replace(detections=regions))[3:] == [
        "2 regions above the map's level"
    ]
    bad = good._replace(label=1, anomaly_score=2.0)
    assert words(bad)[3:] == ["no region above the map's level"]
    assert len(words(bad._replace(detections=regions))) == 3


def test_a_hole_is_not_outlined():
    from runner.drawing import outline

    picture, mask = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), bool)
    mask[10:50, 10:50] = True
    mask[20:40, 20:40] = False
    outline(picture, mask, RED, 1)
    assert picture[5:14, 5:14].any() and not picture[15:45, 15:45].any()
