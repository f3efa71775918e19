# Copyright (c) mmacnn authors. All rights reserved.
"""Changes that are simulated, and no alarm without one."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mmacnn.line import drift
from mmacnn.line.drift import Calibration, Drift, kolmogorov_smirnov, measure
from mmacnn.line.errors import LineError

SIZE = 48, 64
FRAMES = 400  # at calibration, and before a change


def picture(rng, lamp=1.0, shift=0, blur=0.0, product='disc'):
    """A part that lies a little elsewhere each time, in light that varies a little."""
    x = 32 + shift + rng.normal(0, 1.5)
    y = 24 + rng.normal(0, 1.5)
    image = np.full(SIZE, 60.0, np.float32)
    centre = round(16 * x), round(16 * y)
    if product == 'disc':
        cv2.circle(image, centre, 16 * 9, 170, -1, cv2.LINE_AA, 4)
    else:
        corner = round(16 * x) - 100, round(16 * y) - 200
        end = round(16 * x) + 100, round(16 * y) + 200
        cv2.rectangle(image, corner, end, 170, -1, cv2.LINE_AA, 4)
    image = cv2.GaussianBlur(image, (0, 0), 0.6 + blur)
    image = image * lamp * rng.normal(1, 0.03) + rng.normal(0, 2, SIZE)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return np.repeat(pixels[..., None], 3, axis=2), (x - 9, y - 9, x + 9, y + 9)


def frame(rng, **change):
    image, roi = picture(rng, **change)
    score = rng.beta(20, 2) if change.get('product') is None else rng.beta(6, 3)
    return measure(
        image,
        SimpleNamespace(
            score=score,
            anomaly_score=None,
            detections=(),
            roi=roi,
        ),
    )


def reference(rng, source='camera 0#1'):
    calibration = Calibration()
    for _ in range(FRAMES):
        calibration.add(source, frame(rng))
    return calibration.facts()


PLACE = {'position_x', 'position_y', 'roi_x', 'roi_y'}
# What the i-th frame after it is like, what has changed, and what has not.
CHANGES = {
    'lamp ageing': (
        lambda i: dict(lamp=1 - 0.2 * min(i, 100) / 100),
        {'brightness'},
        {'score', *PLACE},
    ),
    'a dirty lamp': (
        lambda i: dict(lamp=0.9),
        {'brightness'},
        {'score', 'focus', *PLACE},
    ),
    'camera shifted': (
        lambda i: dict(shift=3),
        {'position_x', 'roi_x'},
        {'score', 'brightness', 'focus', 'position_y', 'roi_y'},
    ),
    'focus lost': (
        lambda i: dict(blur=0.8),
        {'focus'},
        {'score', 'brightness', *PLACE},
    ),
    'another product': (
        lambda i: dict(product='box'),
        {'score', 'focus'},
        {'roi_x', 'roi_y'},
    ),
}


@pytest.mark.parametrize('name', CHANGES)
def test_a_change_is_reported_within_200_frames(name):
    change, expected, quiet = CHANGES[name]
    rng = np.random.default_rng(1)
    watch = Drift(reference(rng))
    for number in range(drift.WINDOW):
        changed, lines = watch.add(f'camera 0#{number}', frame(rng))
        assert not changed and not lines
    said = []
    for number in range(200):
        changed, lines = watch.add(f'camera 0#{number}', frame(rng, **change(number)))
        said += lines
    assert expected <= set(changed)
    assert not quiet & set(changed)  # what is as it was
    assert any(f'drift of camera 0: {min(expected)} has changed' in x for x in said)


def test_back_to_normal_is_said_once():
    rng = np.random.default_rng(2)
    watch = Drift(reference(rng))
    said = []
    for number in range(600):
        lamp = 0.8 if number < 150 else 1.0
        said += watch.add('camera 0#1', frame(rng, lamp=lamp))[1]
    assert sum('brightness has changed' in line for line in said) == 1
    assert sum('brightness is as at calibration again' in line for line in said) == 1


@pytest.mark.parametrize('runs', [1, pytest.param(40, marks=pytest.mark.soak)])
def test_no_alarm_without_a_change(runs):
    """In 20 000 frames, and in 40 times as many the rate that is stated."""
    frames = 20000
    names = [f'signal {i}' for i in range(7)]
    alarms = 0
    for run in range(runs):
        rng = np.random.default_rng(run)
        draws = rng.normal(size=(FRAMES + frames, len(names)))
        draws[:, 1] = draws[:, 1].round()  # values that repeat
        draws[:, 2] = draws[:, 2] > 2  # nearly always the same
        calibration = Calibration()
        for row in draws[:FRAMES]:
            calibration.add('a.png', dict(zip(names, row, strict=True)))
        watch = Drift(calibration.facts())
        for row in draws[FRAMES:]:
            alarms += len(watch.add('b.png', dict(zip(names, row, strict=True)))[1])
    assert alarms <= runs * frames / drift.FRAMES_A_FALSE_ALARM


def test_each_camera_has_its_own_reference():
    rng = np.random.default_rng(3)
    facts = reference(rng) | reference(rng, 'a.png')
    for value in facts['']['signals']['brightness']:
        assert value > 0
    facts['']['signals']['brightness'] = [0.0] * drift.QUANTILES
    watch = Drift(facts)
    for number in range(100):
        here = watch.add(f'camera 0#{number}', frame(rng))[0]
        there = watch.add(f'camera 1#{number}', frame(rng))[0]
    assert (here, there) == ((), ('brightness',))
    several = Drift({'camera 0': facts['camera 0'], 'camera 1': facts['']})
    for _ in range(100):  # of no camera that it knows
        assert several.add('camera 2#0', frame(rng)) == ((), [])


def test_signals():
    image = np.zeros((1000, 2000, 3), np.uint8)
    image[100:200, 1500:1700] = 255
    nothing = SimpleNamespace(score=None, anomaly_score=None, detections=(), roi=None)
    values = measure(image, nothing)
    assert values['position_x'] == pytest.approx(0.8, abs=0.005)
    assert values['position_y'] == pytest.approx(0.15, abs=0.005)
    assert values['brightness'] == pytest.approx(255 * 0.01, abs=0.1)
    assert values['score'] == 0
    nothing.detections = (SimpleNamespace(score=None), SimpleNamespace(score=0.4))
    assert measure(image, nothing)['score'] == 0.4
    nothing.anomaly_score = 7.5
    assert measure(image, nothing)['score'] == 7.5
    assert np.isfinite(list(measure(image * 0, nothing).values())).all()


def test_the_statistic():
    values, reference = np.array([3.0, 1.0]), np.array([0.0, 1.0, 2.0, 2.0])
    assert kolmogorov_smirnov(values, reference) == 0.5
    assert kolmogorov_smirnov(np.array([9.0]), reference) == 1.0


@pytest.mark.parametrize(
    'facts', [7, {'a': 1}, {'': dict(frames=9, signals={'a': [1]})}]
)
def test_damaged_references(facts):
    with pytest.raises(LineError, match='^m.pth: damaged reference of drift'):
        Drift(facts, 'm.pth')


def test_too_few_frames():
    calibration = Calibration()
    calibration.add('a.png', dict(score=1.0))
    with pytest.raises(
        LineError, match='found 1 frames of files, expected at least 200'
    ):
        calibration.facts()
