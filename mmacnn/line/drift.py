# Copyright (c) mmacnn authors. All rights reserved.
"""Does the camera still see what it saw at calibration? Without labels.

Of each frame some numbers are taken, the signals. Those of the last ``WINDOW`` frames
are compared with those of calibration, signal by signal, by the two-sample
Kolmogorov-Smirnov statistic D, the largest difference of the two distribution
functions. For independent frames P(D > d) <= e exp(-2 d^2 n m / (n + m)) with n and m
frames (Dvoretzky-Kiefer-Wolfowitz; for two samples Wei and Dudley, Statistics &
Probability Letters 82, 2012). From it follows the limit of D for a rate of false
alarms.
"""

import json
import math
import os
from collections import deque

import cv2
import numpy as np

from .errors import LineError

WINDOW = 100  # frames that are compared
EVERY = 10  # frames between two comparisons
FRAMES_A_FALSE_ALARM = 100000  # at least, of one camera, with all signals together
LEAST_FRAMES = 200  # at calibration
QUANTILES = 201  # that are stored of each signal
MEASURED_SIDE = 640  # pixels, to which a larger frame is made smaller first
OVER = 0.7  # of the limit: below, an alarm is over


def measure(image, result):
    """The signals of a frame.

    Args:
        image (np.ndarray): (H, W, 3) or (H, W), uint8.
        result: with ``score``, ``anomaly_score``, ``detections`` and ``roi``.

    Returns:
        dict: name to number. ``score``, the anomaly score where there is one, else
        that of the class or of the best detection, 0 without one; ``brightness``, the
        mean grey level; ``focus``, which does not depend on brightness;
        ``position_x`` and ``position_y``, the centre of what has edges, and ``roi_x``
        and ``roi_y``, that of the ROI where there is one, all in [0, 1] of the frame.
    """
    height, width = image.shape[:2]
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = MEASURED_SIDE / max(height, width)
    if factor < 1:
        size = max(1, round(width * factor)), max(1, round(height * factor))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(grey, (3, 3), 0)  # noise is no edge
    edges = cv2.convertScaleAbs(cv2.Laplacian(grey, cv2.CV_16S))
    mean, contrast = (float(each[0, 0]) for each in cv2.meanStdDev(grey))
    sharpness = float(cv2.meanStdDev(edges)[1][0, 0])
    values = dict(
        score=_score(result),
        brightness=mean,
        focus=math.log((sharpness + 1e-3) / (contrast + 1e-3)),
        position_x=_centre(cv2.reduce(edges, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)),
        position_y=_centre(cv2.reduce(edges, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F)),
    )
    if result.roi is not None:
        left, top, right, bottom = result.roi
        values['roi_x'] = (left + right) / 2 / width
        values['roi_y'] = (top + bottom) / 2 / height
    return values


def _centre(weights):
    """Mean place of weights in a row, in [0, 1]; the middle where all are 0."""
    weights = weights.ravel().astype(float) + 1e-9
    places = (np.arange(len(weights)) + 0.5) / len(weights)
    return float(weights @ places / weights.sum())


def _score(result):
    if result.anomaly_score is not None:
        return float(result.anomaly_score)
    if result.score is not None:
        return float(result.score)
    return max((each.score or 0.0 for each in result.detections), default=0.0)


def source_key(source):
    """What frames have one reference: their camera, or all files together."""
    name, sign, number = source.rpartition('#')
    return name if sign and number.isdigit() else ''


class Calibration:
    """Collects the signals of usual frames, each camera for itself."""

    def __init__(self):
        self._values = {}

    def add(self, source, values):
        """Take a frame's signals, of ``measure``."""
        self._values.setdefault(source_key(source), []).append(values)

    def facts(self):
        """What is stored: camera to signal to quantiles, and how many frames.

        Raises:
            LineError: there are too few frames.
        """
        found = {}
        for key, rows in self._values.items():
            if len(rows) < LEAST_FRAMES:
                raise LineError(
                    f'drift: found {len(rows)} frames of {key or "files"}, expected at '
                    f'least {LEAST_FRAMES} to calibrate on'
                )
            names = set(rows[0]).intersection(*rows)
            signals = {
                name: np.quantile(
                    [row[name] for row in rows], np.linspace(0, 1, QUANTILES)
                )
                .round(6)
                .tolist()
                for name in sorted(names)
            }
            found[key] = dict(frames=len(rows), signals=signals)
        if not found:
            raise LineError('drift: found no frame to calibrate on')
        return found

    def store(self, path):
        """Write ``facts`` into a file, atomically."""
        facts, unfinished = self.facts(), path + '.unfinished'
        with open(unfinished, 'w', encoding='utf-8') as file:
            json.dump(facts, file)
        os.replace(unfinished, path)


class Drift:
    """Watches the signals of all cameras.

    Args:
        facts (dict): of ``Calibration.facts``. A camera that is not in it is compared
            with what was calibrated on files, or with the only reference there is.
        place (str): where ``facts`` are from, for the message.

    Raises:
        LineError: ``facts`` are damaged.
    """

    def __init__(self, facts, place='drift'):
        try:
            self._references = {
                key: (
                    int(each['frames']),
                    {n: np.array(q, float) for n, q in each['signals'].items()},
                )
                for key, each in facts.items()
            }
            for frames, signals in self._references.values():
                shapes = {quantiles.shape for quantiles in signals.values()}
                if frames < 1 or shapes != {(QUANTILES,)}:
                    raise ValueError('no quantiles')
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise LineError(f'{place}: damaged reference of drift: {error}') from None
        self._watched = {}

    def add(self, source, values):
        """Take a frame's signals, of ``measure``.

        Returns:
            tuple: names of the signals that have changed, sorted; and lines that say
            what has changed now, or is as it was again.
        """
        key = source_key(source)
        if key not in self._watched:
            known = self._references
            other = next(iter(known.values())) if len(known) == 1 else known.get('')
            found = known.get(key, other)
            self._watched[key] = found and Watch(key, *found)
        watch = self._watched[key]
        return watch.add(values) if watch else ((), [])


class Watch:
    """The signals of one camera.

    Args:
        name (str): of the camera.
        frames (int): at calibration.
        signals (dict): name to its quantiles then.
    """

    def __init__(self, name, frames, signals):
        self._signals = sorted(signals.items())
        self._title = f'drift of {name}' if name else 'drift'
        alpha = EVERY / FRAMES_A_FALSE_ALARM / len(signals)
        effective = frames * WINDOW / (frames + WINDOW)
        self._limit = math.sqrt((1 - math.log(alpha)) / 2 / effective)
        self._limit += 1 / (QUANTILES - 1)  # by which quantiles are off
        self._last, self._count = deque(maxlen=WINDOW), 0
        self._changed = ()

    def add(self, values):
        """See ``Drift.add``."""
        self._last.append([values.get(name, math.nan) for name, _ in self._signals])
        self._count += 1
        if self._count % EVERY or len(self._last) < WINDOW:
            return self._changed, []
        changed, lines = [], []
        for (name, reference), window in zip(self._signals, np.array(self._last).T):
            was = name in self._changed
            difference = kolmogorov_smirnov(window, reference)
            if difference > self._limit * (OVER if was else 1):
                changed.append(name)
            if was != (name in changed):
                lines.append(self._line(name, was, window, reference))
        self._changed = tuple(changed)
        return self._changed, lines

    def _line(self, name, is_over, window, reference):
        if is_over:
            return f'{self._title}: {name} is as at calibration again'
        return (
            f'{self._title}: {name} has changed: median {np.nanmedian(window):.4g} in '
            f'the last {WINDOW} frames, {np.median(reference):.4g} at calibration'
        )


def kolmogorov_smirnov(values, reference):
    """The largest difference of two distribution functions, in [0, 1].

    Args:
        values (np.ndarray): (N,); a NaN counts as above all others.
        reference (np.ndarray): (M,), sorted.
    """
    values = np.sort(values)
    points = np.concatenate((values, reference))
    ours = np.searchsorted(values, points, side='right') / len(values)
    theirs = np.searchsorted(reference, points, side='right') / len(reference)
    return float(np.abs(ours - theirs).max())
