# Copyright (c) mmacnn authors. All rights reserved.
"""Escapes and overkill: the thresholds that a plant wants, and how sure they are."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from mmacnn.apis import choose_thresholds
from mmacnn.apis.verdict_thresholds import rules_of_point
from mmacnn.engine.rules import read_rules
from mmacnn.line.rules import Judge
from mmacnn.reporting import Run, write_report
from mmacnn.reporting.class_thresholds import class_parts
from mmacnn.reporting.operating_point import (
    Costs,
    Parts,
    Wish,
    changed_sides,
    choose_point,
    labelled_parts,
    parts_needed,
    upper_bound,
)
from mmacnn.reporting.plant import answers, draw_escapes
from mmacnn.utils import InputError


def parts(good, bad):
    scores = np.array([*good, *bad], float)
    is_defective = np.arange(len(scores)) >= len(good)
    return Parts([None] * len(scores), is_defective, scores, scores > 0.5)


OVERLAP = parts(good=np.arange(100) / 100, bad=0.5 + np.arange(100) / 100)


def test_intervals_by_hand():
    # 0 of n: 1 - 0.05 ** (1 / n); the rule of three.
    assert upper_bound(0, 100) == pytest.approx(1 - 0.05**0.01)
    assert upper_bound(100, 100) == 1
    assert parts_needed(0.001) == 2995
    assert upper_bound(0, 2995) < 0.001 < upper_bound(0, 2994)


@pytest.mark.parametrize(
    ('wish', 'escapes', 'overkill', 'unsure'),
    [
        (dict(max_escape=0.1), 10, 40, None),
        (dict(max_overkill=0.1), 40, 10, None),
        (dict(max_escape=0.3, max_overkill=0.3), 25, 25, None),
        (dict(max_escape=0.0, max_overkill=0.0), 0, 0, 100),  # no one threshold does it
        (dict(max_escape=0.1, confidence=0.95), 4, 46, None),
        (dict(costs=Costs(50, 1, 0.5)), 0, 50, None),
        (dict(costs=Costs(1, 50, 0.5)), 50, 0, None),
        (dict(costs=Costs(50, 1, 0.001)), 50, 0, None),
    ],
)
def test_a_wish(wish, escapes, overkill, unsure):
    point = choose_point(OVERLAP, Wish(**wish))
    assert point.escapes.hits == pytest.approx(escapes, abs=1)
    assert point.overkill.hits == pytest.approx(overkill, abs=1)
    assert (point.unsure and point.unsure.hits) == unsure


def test_too_few_parts_for_a_proof():
    with pytest.raises(InputError, match='found 100 labelled defective.* 2995 or more'):
        choose_point(OVERLAP, Wish(max_escape=0.001, confidence=0.95))


def test_the_cost_of_a_shift():
    point = OVERLAP.point(0.505)
    # 1 % defective of 2000 parts; a fraction of 1 % escapes, 49 % of the good fail.
    cost = Costs(escape=30, overkill=2, defect_rate=0.01, parts=2000).of(point)
    assert cost == pytest.approx(20 * 0.01 * 30 + 1980 * 0.49 * 2)


@pytest.mark.parametrize('method', ['anomaly', 'detector', 'acnn'])
def test_the_rules_decide_as_the_point(method, request):
    """What is written for the station gives the escapes that were promised."""
    run = request.getfixturevalue(method)
    found = labelled_parts(run)
    point = choose_point(found, Wish(max_overkill=0.3))
    judge = Judge(rules_of_point(run, point), run.classes)
    verdicts = [judge(as_result(each), (48, 64)) for each in run.predictions]
    expected = np.where(found.scores >= point.fail_from, 'fail', 'pass')
    assert verdicts == expected.tolist()
    assert point.overkill.percent <= 30


@pytest.fixture
def two_classes():
    """A detector whose scores of dents are a tenth of those of pits; few scratches."""
    rng, predictions = np.random.default_rng(0), []
    for index in range(200):
        label = -1 if index < 100 else 2 if index > 195 else index % 2
        scores = np.append(rng.uniform(0, [0.6, 0.06]), 0.0)  # false positives
        if label >= 0:
            scores[label] = (1, 0.1, 0.8)[label] * rng.uniform(0.4, 1)
        found = np.flatnonzero(scores)
        predictions.append(
            dict(
                img_path=f'{index}.png',
                ori_shape=[48, 64],
                gt_instances=dict(
                    bboxes=[[0, 0, 9, 9]] * (label >= 0), labels=[label] * (label >= 0)
                ),
                pred_instances=dict(
                    bboxes=[[0, 0, 9, 9]] * len(found),
                    labels=found.tolist(),
                    scores=scores[found].tolist(),
                ),
            )
        )
    return Run('two', {}, predictions, dict(classes=['pit', 'dent', 'scratch']))


@pytest.mark.parametrize(
    'wish', [dict(max_overkill=0.05), dict(max_escape=0.0, max_overkill=0.0)]
)
def test_a_threshold_for_each_class(two_classes, wish, tmp_path, monkeypatch):
    """The station decides as was promised, and fewer parts escape than by one."""
    monkeypatch.setattr(
        'mmacnn.apis.verdict_thresholds.read_run', lambda path: two_classes
    )
    by_class = class_parts(two_classes)
    point = choose_point(by_class.parts, Wish(**wish))
    out = str(tmp_path / 'rules.yaml')
    lines = choose_thresholds('a.pkl', Wish(**wish), out, per_class=True)
    rules = read_rules(out)
    assert set(rules['classes']) == {'*', 'pit', 'dent'}
    assert (
        rules['classes']['pit']['fail_from'] > 5 * rules['classes']['dent']['fail_from']
    )
    judge = Judge(rules, two_classes.classes)
    names = two_classes.classes
    verdicts = [judge(as_result(p, names), (48, 64)) for p in two_classes.predictions]
    scores = by_class.parts.scores
    expected = np.where(scores >= point.lowest, 'unsure', 'pass')
    expected[scores >= point.fail_from] = 'fail'
    assert verdicts == expected.tolist()
    one = choose_point(labelled_parts(two_classes), Wish(**wish))
    assert one.escapes.hits >= point.escapes.hits
    assert one.unsure is None or one.unsure.hits > point.unsure.hits
    assert any(
        line.startswith('scratch: fail from') and 'few' in line for line in lines
    )


def test_a_threshold_for_each_class_needs_a_detector(anomaly, monkeypatch):
    monkeypatch.setattr('mmacnn.apis.verdict_thresholds.read_run', lambda path: anomaly)
    with pytest.raises(InputError, match='expected results of a detector'):
        choose_thresholds('a.pkl', Wish(max_escape=0.0), per_class=True)


def as_result(prediction, names=('pit',) * 3):
    """Of the Inspector, from what the test wrote."""
    from mmacnn.inference.result import Detection, InspectionResult

    if 'pred_instances' in prediction:
        found = prediction['pred_instances']
        columns = found['bboxes'], found['scores'], found['labels']
        boxes = tuple(
            Detection(tuple(box), names[label], score, label)
            for box, score, label in zip(*columns, strict=True)
        )
        return InspectionResult('a', detections=boxes)
    scores = tuple(prediction['pred_score'])
    label = int(np.argmax(scores))
    names = ['good <b>' if 'pred_roi' in prediction else 'good', 'bad']
    (anomaly,) = prediction.get('pred_anomaly_score', [None])
    return InspectionResult(
        *('a', '', label, names[label], scores[label], scores), anomaly_score=anomaly
    )


def test_the_file_of_rules(anomaly, tmp_path, monkeypatch):
    monkeypatch.setattr('mmacnn.apis.verdict_thresholds.read_run', lambda path: anomaly)
    out = tmp_path / 'rules.yaml'
    lines = choose_thresholds('a.pkl', Wish(max_escape=0.0, max_overkill=0.0), str(out))
    text = '\n'.join(lines)
    assert 'overkill, good parts that fail:     0 of 4: 0.00 %' in text
    assert '2995 defective parts without one escape are needed' in text
    assert yaml.safe_load(out.read_text()) == {
        'image': dict(fail_from=5.5, unsure_from=3.5)
    }
    with pytest.raises(FileExistsError, match='rules.yaml exists'):
        choose_thresholds('a.pkl', Wish(max_escape=0.0), str(out))


def test_products_are_neither_good_nor_defective(acnn, monkeypatch):
    products = [dict(p, pred_score=[0.1, 0.2, 0.7]) for p in acnn.predictions]
    run = replace(acnn, predictions=products)
    assert labelled_parts(run) is None
    monkeypatch.setattr('mmacnn.apis.verdict_thresholds.read_run', lambda path: run)
    with pytest.raises(InputError, match='expected labelled good and defective images'):
        choose_thresholds('a.pkl', Wish(max_escape=0.1))


def test_the_page_begins_with_what_a_plant_asks(anomaly, tmp_path):
    costs = Costs(100, 1, 0.01)
    wish = Wish(max_escape=0.0, max_overkill=0.0, costs=costs)
    found = labelled_parts(anomaly)
    changed = changed_sides(found, choose_point(found, wish))
    assert [(record.name, verdict) for record, _, _, verdict in changed] == [
        *(('4.png', 'unsure'), ('3.png', 'unsure'))
    ]
    write_report([anomaly], str(tmp_path / 'r.html'), wish=wish)
    page = (tmp_path / 'r.html').read_text()
    top = page[page.index('id="short"') : page.index('id="numbers"')]
    for words in (
        '1 of 4 defective parts would pass (escapes, 25 %, 95 % interval 0.63 to 81 %)',
        'None of 4 good parts would be rejected (overkill, 0 %',
        '2995 defective parts are needed',
        'For a person to look at',
        'parts would change sides',
        'Cost of a shift',
    ):
        assert words in top
    assert top.count('<img src="data:image/jpeg') == 1  # the one that is wrong
    assert page.index('id="short"') < page.index('id="escapes"')


def test_scores_without_bounds(anomaly):
    scores = [1e308, -1e308, float('nan'), float('inf'), 1e308, 6.0, 7.0, 8.0]
    predictions = [
        dict(each, pred_anomaly_score=score)
        for each, score in zip(anomaly.predictions, scores, strict=True)
    ]
    run = replace(anomaly, predictions=predictions)
    found = labelled_parts(run)
    assert len(found.scores) == 6
    assert choose_point(found, Wish(max_escape=0.0)).escapes.hits == 0
    assert draw_escapes(answers([run], Wish(max_escape=0.0))) is not None


def test_words_without_labels(photos, tmp_path):
    run = Run('new', {}, [dict(img_path=p, pred_score=[0.2, 0.8]) for p in photos])
    write_report([run], str(tmp_path / 'r.html'))
    page = (tmp_path / 'r.html').read_text()
    assert 'how good the model is cannot be said' in page
    assert 'id="escapes"' not in page
