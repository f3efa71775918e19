# Copyright (c) mmacnn authors. All rights reserved.
"""Verdict rules: what quality people write, applied to a result of any method.

Rules are plain values; each key may be missing::

    accept: [good]              # classes that pass
    min_score: 0.5              # below it, a class is not sure
    image:                      # of the image's defect score, see `defect_score`
      fail_from: 1.2
      unsure_from: 0.9          # from here to fail_from the verdict is 'unsure'
    classes:                    # of a class; '*' of those that have none of their own
      scratch:
        fail_from: 0.6
        unsure_from: 0.4
        min_length: 12          # px of the image, longer side of the box
        min_area: 40            # square px of the image
        max_count: 1            # so many pass
    zones:                      # px of the image
      - {box: [0, 0, 640, 20], weight: 0}           # x, y, width, height: ignored
      - {polygon: [9, 9, 90, 9, 50, 99], weight: 3}  # one there counts as three
"""

import json
import os

import cv2
import numpy as np

from .errors import LineError

PASS, FAIL, UNSURE, UNREADABLE = 'pass', 'fail', 'unsure', 'unreadable'
FILE = 'rules.json'  # in a model folder
KEYS = {'accept', 'min_score', 'image', 'classes', 'zones'}
OF_CLASS = {'fail_from', 'unsure_from', 'min_area', 'min_length', 'max_count'}
ANY = '*'


def read_folder_rules(folder):
    """Rules of a model folder, or of a ``.json`` file; {} where the folder has none.

    Args:
        folder (str): the folder, or the file.

    Raises:
        LineError: the file is damaged.
        OSError: there is no such file.
    """
    path = os.path.join(folder, FILE) if os.path.isdir(folder) else folder
    if path != folder and not os.path.isfile(path):
        return {}
    try:
        with open(path, encoding='utf-8') as file:
            rules = json.load(file)
        _check(rules)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LineError(f'{path}: expected verdict rules, found {error}') from None
    return rules


def _check(rules):
    """Raise an error where the rules cannot be applied."""
    limits = [rules.get('image', {}), *rules.get('classes', {}).values()]
    unknown = set(rules) - KEYS
    for limit in limits:
        unknown |= set(limit) - OF_CLASS
    if unknown:
        raise ValueError(f'the unknown key {sorted(unknown)[0]}')
    numbers = [number for limit in limits for number in limit.values()]
    for zone in rules.get('zones', ()):
        numbers += [zone['weight'], *zone.get('box', zone.get('polygon'))]
    for number in [*numbers, rules.get('min_score', 0)]:
        if not isinstance(number, (int, float)):
            raise ValueError(f'{number!r}, which is no number')


class Judge:
    """The verdict on results, by rules.

    Args:
        rules (dict): see the module.
        classes (list): names of the model's classes, where they are known.
    """

    def __init__(self, rules=None, classes=None):
        self.rules, self._classes = rules or {}, list(classes or ())
        accept = self.rules.get('accept')
        self._accept = None if accept is None else set(accept)
        self._min_score = self.rules.get('min_score', 0.0)
        self._size, self._zones = None, []

    def __call__(self, result, size):
        """The verdict on an image.

        It is about the classes of all detections that have a score, else about the
        class of the image. A class passes if ``accept`` names it. Without ``accept``,
        no detection does, but each prompt region; of a model that marks defects, by a
        map or an anomaly score, the first class does, and of one that names products
        each.

        Args:
            result: prediction of one image, of the Inspector or of the runner.
            size (tuple): (height, width) of the image.

        Returns:
            str: 'fail' where more findings of a class that does not pass count than
            ``max_count``; else 'unsure' where they do with those of the unsure band, or
            where a class has less than ``min_score``; else 'pass'.

        Raises:
            LineError: a zone covers no pixel of the image.
        """
        if result.error:
            return UNSURE
        self._prepare(size)
        found = [each for each in result.detections if each.score is not None]
        if found:
            return self._of_detections(found)
        regions = [each for each in result.detections if each.score is None]
        by_score = 'image' in self.rules and result.anomaly_score is not None
        if result.label is None and not by_score:
            # A detector that found nothing, or a map without a class.
            rule = self._rule(ANY)
            return FAIL if self._exceeds(self._weights(regions, rule), rule) else PASS
        verdict = self._of_scores(result)
        if verdict != PASS and regions and not self._counts(result, regions):
            verdict = PASS
        if verdict == PASS and result.score is not None:
            return PASS if result.score >= self._min_score else UNSURE
        return verdict

    def classes(self):
        """Set of the names that the rules have."""
        return (self._accept or set()) | set(self.rules.get('classes', {})) - {ANY}

    def defect_score(self, result):
        """How defective an image is, the higher, the more.

        Args:
            result: prediction of one image, without scored detections.

        Returns:
            float: the anomaly score, in its unit; of a classifier 1 less the scores of
            the classes that pass, in [0, 1].
        """
        if result.anomaly_score is not None:
            return result.anomaly_score
        passes = self._passes(result)
        if not result.scores:
            return 1 - result.score if passes(result.label) else result.score
        return 1 - sum(s for label, s in enumerate(result.scores) if passes(label))

    def _of_detections(self, found):
        fails, doubts, is_unsure = {}, {}, False
        for each in found:
            rule, name = self._rule(each.class_name), each.class_name
            (weight,) = self._weights([each], rule) or (0,)
            accepts = each.prompted if self._accept is None else name in self._accept
            if accepts or not weight:
                is_unsure |= bool(weight) and each.score < self._min_score
                continue
            level = self._level(each.score, rule)
            fails[name] = fails.get(name, 0) + weight * (level == FAIL)
            doubts[name] = doubts.get(name, 0) + weight * (level != PASS)
        for counts, verdict in ((fails, FAIL), (doubts, UNSURE)):
            for name, count in counts.items():
                if self._exceeds([count], self._rule(name)):
                    return verdict
        return UNSURE if is_unsure else PASS

    def _of_scores(self, result):
        """The verdict by the scores of the image."""
        if 'image' in self.rules:
            return self._level(self.defect_score(result), self.rules['image'])
        passes, levels = self._passes(result), {PASS}
        scores = dict(enumerate(result.scores)) or {result.label: result.score}
        for label, score in scores.items():
            rule = self._rule(self._name(result, label))
            if passes(label) or ('fail_from' not in rule and label != result.label):
                continue
            levels.add(FAIL if score is None else self._level(score, rule))
        return FAIL if FAIL in levels else UNSURE if UNSURE in levels else PASS

    def _level(self, score, rule):
        """Where a score is: above the unsure band, in it, or below."""
        fail_from = rule.get('fail_from', self._min_score)
        default = fail_from if 'fail_from' in rule else float('-inf')
        if score >= fail_from:
            return FAIL
        return UNSURE if score >= rule.get('unsure_from', default) else PASS

    def _counts(self, result, regions):
        """Whether the defect regions of a defective image count."""
        is_known = result.label is not None and not self._passes(result)(result.label)
        rule = self._rule(result.class_name if is_known else ANY)
        return self._exceeds(self._weights(regions, rule), rule)

    def _exceeds(self, weights, rule):
        return sum(weights) > rule.get('max_count', 0)

    def _passes(self, result):
        """Label -> whether the class passes."""
        if self._accept is not None:
            return lambda label: self._name(result, label) in self._accept
        marks_defects = result.mask is not None or result.anomaly_score is not None
        return lambda label: not (marks_defects and label)

    def _name(self, result, label):
        if label == result.label:
            return result.class_name
        is_known = label < len(self._classes)
        return str(self._classes[label]) if is_known else f'class {label}'

    def _rule(self, name):
        rules = self.rules.get('classes', {})
        return rules.get(name, rules.get(ANY, {}))

    def _weights(self, found, rule):
        """How much each counts that is large enough and not ignored."""
        height, width = self._size
        weights = []
        for each in found:
            x0, y0, x1, y1 = each.box
            area = (x1 - x0) * (y1 - y0)
            if each.area is not None:
                area = each.area * height * width
            is_large = max(x1 - x0, y1 - y0) >= rule.get('min_length', 0)
            if is_large and area >= rule.get('min_area', 0):
                weights.append(self._weight(each.box))
        return [weight for weight in weights if weight]

    def _weight(self, box):
        """0 if all of a box is in a zone to ignore, else the largest that it meets."""
        columns, rows = (
            slice(min(max(int(low), 0), side - 1), max(int(np.ceil(high)), 1))
            for low, high, side in zip(box[:2], box[2:], self._size[::-1])
        )
        parts = [(mask[rows, columns], weight) for mask, weight in self._zones]
        if any(part.all() for part, weight in parts if not weight):
            return 0
        return max([1] + [weight for part, weight in parts if part.any()])

    def _prepare(self, size):
        """Masks of the zones, once for images of a size."""
        size = tuple(size)
        if size == self._size:
            return
        self._zones = []
        for number, zone in enumerate(self.rules.get('zones', ()), start=1):
            mask = _zone_mask(zone, size)
            if not mask.any():
                raise LineError(
                    f'zone {number} of the rules: found no pixel of the '
                    f'{size[1]}x{size[0]} image in it, expected a zone in its pixels'
                )
            self._zones.append((mask, zone['weight']))
        self._size = size


def _zone_mask(zone, size):
    """(H, W) bool; a polygon with the pixels on its outline."""
    mask = np.zeros(size, np.uint8)
    if 'box' in zone:
        x, y, width, height = (int(round(number)) for number in zone['box'])
        mask[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = 1
    else:
        points = np.reshape(zone['polygon'], (-1, 2))
        cv2.fillPoly(mask, [np.int32(np.round(points))], 1)
    return mask.astype(bool)
