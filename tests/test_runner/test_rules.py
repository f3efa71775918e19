# Copyright (c) mmacnn authors. All rights reserved.
"""Verdict rules on the results of all methods, the same on the board as at the desk."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.inference import result as desk
from mmacnn.line import rules as desk_rules

from .test_runner import BLUE, RED, frame, run

SIZE = 100, 200
MASK = np.ones((2, 2), bool)
CLASSES = ['good', 'pit', 'dent']
# (box, class, score, area, prompted)
SMALL, LARGE = (10, 10, 14, 13), (20, 20, 80, 50)


def box(place, name='pit', score=0.9, **fields):
    return dict(box=place, class_name=name, score=score, **fields)


def region(place, area):
    """Of a map: no class and no score."""
    return dict(box=place, area=area)


def classified(*scores, **fields):
    label = int(np.argmax(scores))
    known = dict(label=label, class_name=CLASSES[label], score=scores[label])
    return dict(known, scores=scores, **fields)


BOXES = dict(detections=[box(LARGE), box(SMALL, score=0.5)])
PROMPTED = dict(detections=[box(LARGE, 'good', prompted=True), box(SMALL, prompted=1)])
CAM = dict(
    classified(0.2, 0.8),
    mask=MASK,
    detections=[region(LARGE, 0.09), region(SMALL, 6e-4)],
)
ANOMALY = dict(classified(0.1, 0.9), anomaly_score=1.5, anomaly_threshold=1.0)
MAP_ALONE = dict(mask=MASK, detections=[region(SMALL, 6e-4)])


def of(name, **rule):
    return dict(classes={name: rule})


def zone(weight, *numbers):
    return dict(zones=[dict(box=list(numbers), weight=weight)])


CASES = [
    # A detector's boxes, and no box.
    (BOXES, {}, 'fail'),
    ({}, {}, 'pass'),
    (BOXES, of('pit', fail_from=0.95), 'pass'),
    (BOXES, of('pit', fail_from=0.95, unsure_from=0.85), 'unsure'),
    (BOXES, of('dent', fail_from=0.95), 'fail'),
    (BOXES, of('*', fail_from=0.95), 'pass'),
    (BOXES, of('pit', max_count=1), 'fail'),
    (BOXES, of('pit', max_count=2), 'pass'),
    (BOXES, of('pit', max_count=1, min_area=13), 'pass'),
    (BOXES, of('pit', max_count=1, min_length=5), 'pass'),
    (BOXES, of('pit', fail_from=0.6, unsure_from=0.4, max_count=1), 'unsure'),
    (BOXES, dict(accept=['pit'], min_score=0.6), 'unsure'),
    (BOXES, dict(accept=['pit'], min_score=0.6) | zone(0, 0, 0, 20, 20), 'pass'),
    (BOXES, zone(0, 0, 0, 100, 60), 'pass'),
    (BOXES, zone(0, 0, 0, 79, 60), 'fail'),  # a box reaches out of it
    (BOXES, zone(3, 0, 0, 12, 12) | of('pit', max_count=3), 'fail'),
    (BOXES, zone(3, 150, 0, 12, 12) | of('pit', max_count=2), 'pass'),
    # Prompt regions.
    (PROMPTED, {}, 'pass'),
    (PROMPTED, dict(accept=['good']), 'fail'),
    (PROMPTED, dict(accept=['good']) | of('pit', max_count=1), 'pass'),
    # A classifier that names products, and A-CNN.
    (classified(0.1, 0.6, 0.3), {}, 'pass'),
    (classified(0.1, 0.6, 0.3), dict(accept=['good']), 'fail'),
    (classified(0.1, 0.6, 0.3), dict(accept=['pit'], min_score=0.7), 'unsure'),
    (classified(0.6, 0.1, 0.3), dict(accept=['good']), 'pass'),
    (
        classified(0.6, 0.1, 0.3),
        dict(accept=['good']) | of('dent', fail_from=0.3),
        'fail',
    ),
    (
        classified(0.6, 0.1, 0.3),
        dict(accept=['good'], image=dict(fail_from=0.5, unsure_from=0.4)),
        'unsure',
    ),
    # CAM: regions can only excuse an image that is defective by its score.
    (CAM, {}, 'fail'),
    (CAM, of('pit', fail_from=0.9), 'pass'),
    (CAM, of('pit', min_area=2000), 'pass'),
    (CAM, of('pit', min_area=1000), 'fail'),
    (CAM, of('pit', min_area=1000, max_count=1), 'pass'),
    (CAM, zone(0, 0, 0, 200, 100), 'pass'),
    (dict(CAM, detections=()), zone(0, 0, 0, 200, 100), 'fail'),
    (CAM, dict(image=dict(fail_from=0.9, unsure_from=0.7)), 'unsure'),
    # An anomaly detector.
    (ANOMALY, {}, 'fail'),
    (ANOMALY, dict(image=dict(fail_from=1.6)), 'pass'),
    (ANOMALY, dict(image=dict(fail_from=1.6, unsure_from=1.4)), 'unsure'),
    (dict(anomaly_score=1.5), dict(image=dict(fail_from=1.2)), 'fail'),
    # A map without a class, on the board.
    (MAP_ALONE, {}, 'fail'),
    (MAP_ALONE, of('*', min_length=5), 'pass'),
    (dict(MAP_ALONE, detections=()), {}, 'pass'),
    (dict(error='NaN'), {}, 'unsure'),
]


@pytest.mark.parametrize(('fields', 'rules', 'verdict'), CASES)
def test_verdict(fields, rules, verdict):
    from line.rules import Judge
    from runner.results import Detection, Result

    from mmacnn.engine.rules import check_rules

    assert check_rules(rules, 'rules', CLASSES) == rules
    programs = (
        (Judge, Detection, Result),
        (desk_rules.Judge, desk.Detection, desk.InspectionResult),
    )
    for judge, detection, result in programs:
        found = tuple(detection(**each) for each in fields.get('detections', ()))
        inspected = result('a.png', **dict(fields, detections=found))
        assert judge(rules, CLASSES)(inspected, SIZE) == verdict


def test_a_zone_of_another_camera():
    from mmacnn.line.errors import LineError

    judge = desk_rules.Judge(zone(0, 500, 0, 9, 9))
    with pytest.raises(LineError, match='zone 1 of the rules: found no pixel'):
        judge(desk.InspectionResult('a'), SIZE)


def test_rules_of_the_folder_decide(make_folder, tmp_path):
    """``rules.json`` beside the model; the command line comes before it."""
    folder, image = Path(make_folder('classifier')), tmp_path / 'a.png'
    cv2.imwrite(str(image), frame(BLUE))  # 'third' with 0.91
    verdicts = []
    (tmp_path / 'mine.json').write_text('{"accept": ["third"]}')
    for number, (rules, options) in enumerate(
        (
            ({}, []),
            (dict(accept=['first']), []),
            (dict(accept=['first'], **of('third', fail_from=0.95)), []),
            (dict(accept=['first']), ['--accept', 'third']),
            (dict(accept=['first']), ['--rules', tmp_path / 'mine.json']),
        )
    ):
        (folder / 'rules.json').write_text(json.dumps(rules))
        out = tmp_path / f'{number}.jsonl'
        done = run(
            *(folder, image, '--backend', 'onnxruntime', '--results', out), *options
        )
        assert done.returncode == 0, done.stderr
        verdicts.append(json.loads(out.read_text())['verdict'])
    assert verdicts == ['pass', 'fail', 'pass', 'pass', 'pass']


@pytest.mark.parametrize(
    'text',
    [
        *('{', '[]', '{"acept": []}', '{"classes": {"a": {"b": 1}}}'),
        *('{"image": {"fail_from": "1"}}', '{"zones": [{"weight": 0}]}'),
    ],
)
def test_damaged_rules(tmp_path, text):
    from line.rules import read_folder_rules

    (tmp_path / 'rules.json').write_text(text)
    with pytest.raises(OSError, match='rules.json: expected verdict rules, found'):
        read_folder_rules(str(tmp_path))


def test_golden_parts(make_folder, tmp_path):
    """A run begins only if the model gives the results that it must."""
    from line.golden import compared_values
    from line.record import hash_file

    folder, image = Path(make_folder('detector')), tmp_path / 'a.png'
    cv2.imwrite(str(image), frame(RED))
    out = tmp_path / 'results.jsonl'
    program = folder, image, '--backend', 'onnxruntime'
    assert run(*program, '--results', out).returncode == 0
    expected = compared_values(json.loads(out.read_text()))
    golden = folder / 'golden'
    golden.mkdir()
    (golden / '0.png').write_bytes(image.read_bytes())
    entry = dict(file='0.png', sha256=hash_file(str(image)), expected=expected)
    content = dict(
        tolerance=dict(score=0.05, pixels=1), score_thr=0.3, regions=[], images=[entry]
    )

    def check(*options):
        (golden / 'golden.json').write_text(json.dumps(content))
        return run(*(options or program), '--backend', 'onnxruntime')

    assert check().returncode == 0
    done = check(folder, '--check-golden')
    assert done.stdout == '1 golden parts have the results that they must have\n'
    expected['detections'][0]['score'] -= 0.1
    done = check()
    assert done.returncode == 2 and done.stderr.count('\n') == 1
    assert 'does not give the result of this golden part: score of first' in done.stderr
    expected['detections'][0]['score'] += 0.1
    expected['verdict'] = 'pass'
    assert 'verdict fail, expected pass' in check(folder, '--check-golden').stderr
    (golden / '0.png').write_bytes(b'another')
    assert 'the golden parts were damaged or changed (0.png)' in check().stderr


def test_record(make_folder, tmp_path):
    """The board's lines have the chain of the desk's."""
    from mmacnn.line.record import verify

    for name, colour in (('a', RED), ('b', BLUE)):
        cv2.imwrite(str(tmp_path / f'{name}.png'), frame(colour))
    record = tmp_path / 'record'
    for name in 'ab':
        done = run(
            *(make_folder('box') if name == 'a' else tmp_path / 'box',),
            *(tmp_path / f'{name}.png', '--backend', 'onnxruntime', '--record', record),
            *('--accept', 'first', '--keep', 'fail=1'),
        )
        assert done.returncode == 0, done.stderr
    found = verify(str(record))
    assert (found.problems, found.count, found.images) == ([], 2, 1)
    lines = [json.loads(path.read_text()) for path in sorted(record.glob('*.jsonl'))]
    assert [line['record']['number'] for line in lines] == [0, 1]
    assert lines[0]['record']['model'] == lines[1]['record']['model']
