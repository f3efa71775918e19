# Copyright (c) mmacnn authors. All rights reserved.
import json
import pickle

import pytest

from mmacnn.reporting import read_run, write_report

SAID = dict(img_path='a.png', pred_label=[0])


def test_metrics_that_are_no_finite_numbers(tmp_path):
    metrics = dict(a=float('-inf'), b=float('nan'), c=dict(d=10**5000), e=None, f=[[1]])
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(dict(metrics=metrics, predictions=[SAID])))
    write_report([read_run(str(path))], str(tmp_path / 'a.html'))
    assert '-inf' in (tmp_path / 'a.html').read_text(encoding='utf-8')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(metrics={}, predictions=[]), r'predictions: found 0 items, expected 1'),
        (dict(metrics={'a': 10**400}, predictions=[SAID]), 'expected numbers'),
        (dict(metrics={'a': [1, 10**400]}, predictions=[SAID]), 'expected numbers'),
        ([dict(img_id=1)], r'found .*, expected a dict \(tools/test.py --out\)'),
        (dict(state_dict={}), "found no 'predictions', expected one"),
        ({}, "found no 'predictions', expected one"),
        (
            dict(predictions=[SAID, dict(pred_label=1)]),
            r"\[1\]: found no 'img_path', expected one",
        ),
        (
            dict(predictions=[dict(img_path='a', gt_label=1)]),
            r'\[0\]: found .*, expected one of pred_label',
        ),
    ],
)
def test_other_content(tmp_path, content, message):
    path = tmp_path / 'other.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=f'other.pkl: .*{message}'):
        read_run(str(path))


@pytest.mark.parametrize('name', ['broken.json', 'broken.pkl'])
def test_damaged_files(tmp_path, name):
    (tmp_path / name).write_bytes(b'{"metrics": {')
    with pytest.raises(ValueError, match=f'{name}: expected what tools'):
        read_run(str(tmp_path / name))


def test_missing_file_and_other_suffix(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.pkl: found no such file'):
        read_run('absent.pkl')
    (tmp_path / 'a.txt').touch()
    with pytest.raises(ValueError, match='a.txt: expected a name ending in .pkl'):
        read_run(str(tmp_path / 'a.txt'))


def test_results_of_earlier_versions(tmp_path):
    path = tmp_path / 'old.json'
    path.write_text(json.dumps(dict(metrics={'a': 1.0}, predictions=[SAID])))
    run = read_run(str(path))
    assert (run.name, run.info, run.maps) == ('old', {}, {})
    assert run.class_name(3) == 'class 3'


def test_names_below_the_common_folder(tmp_path):
    paths = ['/data/good/1.png', '/data/bad/1.png']
    path = tmp_path / 'a.json'
    path.write_text(
        json.dumps(dict(predictions=[SAID | dict(img_path=p) for p in paths]))
    )
    records = read_run(str(path)).records
    assert [record.name for record in records] == ['good/1.png', 'bad/1.png']


def test_several_regions_of_an_image(tmp_path):
    path = tmp_path / 'a.json'
    paths = ['/data/1.png', '/data/1.png', '/data/2.png']
    path.write_text(
        json.dumps(dict(predictions=[SAID | dict(img_path=p) for p in paths]))
    )
    names = [record.name for record in read_run(str(path)).records]
    assert names == ['1.png', '1.png (2)', '2.png']
