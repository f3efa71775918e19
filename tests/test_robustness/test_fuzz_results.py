# Copyright (c) mmacnn authors. All rights reserved.
"""Whatever stands in results, options and arguments: used, or one line says why not."""

import argparse
import copy
import csv
import json
import pickle
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mmengine.config import Config

from mmacnn.cli.arguments import (
    add_cfg_options,
    image_size,
    int_at_least,
    numbers,
    probability,
)
from mmacnn.engine.config import load_config
from mmacnn.inference.result import Detection, InspectionResult
from mmacnn.inference.result_files import ResultFiles
from mmacnn.reporting import read_run, write_report
from mmacnn.utils.user_errors import describe
from mmacnn.visualization import name_pictures

texts = st.text(max_size=30)
any_number = st.one_of(st.integers(), st.floats(), st.booleans(), st.just(10**400))
plain = st.recursive(
    st.one_of(st.none(), any_number, texts),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=8,
)
PREDICTION = dict(
    img_path='absent.png',
    ori_shape=[48, 64],
    img_shape=[48, 64],
    gt_label=[1],
    pred_label=[0],
    pred_score=[0.75, 0.25],
    gt_bboxes=[[10, 10, 20, 20]],
    scale_factor=[1.0, 1.0],
    pred_roi=[8, 8, 24, 24],
)
ANOMALY = dict(
    img_path='absent.png',
    gt_label=[0],
    pred_label=[1],
    pred_score=[0.2, 0.8],
    pred_anomaly_score=[3.5],
    object_fraction=0.25,
)
BOXES = dict(
    img_path='absent.png',
    ori_shape=[48, 64],
    gt_instances=dict(bboxes=[[0, 0, 10, 10]], labels=[0]),
    pred_instances=dict(bboxes=[[0, 0, 9, 9]], labels=[0], scores=[0.9]),
)
RUN = dict(
    classes=['good', 'bad'],
    config='a.py',
    config_text='x = 1',
    weights='a.pth',
    training=dict(epoch=3),
    versions=dict(torch='2.8'),
    environment=dict(GCC='12'),
    data=dict(images=2, fingerprint='0123456789abcdef'),
    time=dict(device='cpu', threads=1, batch_size=2, seconds_per_image=[0.9, 0.01]),
)


def change(content, data):
    """Replace a part of nested lists and dicts, or remove it."""
    content = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(1, 3), 'changes')):
        part = content
        while part:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            key = data.draw(st.sampled_from(keys), 'key')
            is_part = part[key] and isinstance(part[key], dict | list)
            if is_part and data.draw(st.integers(0, 3), 'stop'):
                part = part[key]
                continue
            if data.draw(st.booleans(), 'remove'):
                del part[key]
            else:
                part[key] = data.draw(plain, 'value')
            break
    return content


@settings(max_examples=settings.default.max_examples // 4)  # each takes half a second
@given(st.sampled_from([PREDICTION, ANOMALY, BOXES]), st.data())
def test_results_of_a_test(tmp_path, prediction, data):
    """A file is refused when it is read, or there is a report of it."""
    content = dict(
        metrics={'accuracy/top1': 50.0},
        predictions=[prediction, dict(prediction, img_path='other.png')],
        run=RUN,
    )
    path = tmp_path / f'a.{data.draw(st.sampled_from(["json", "pkl"]))}'
    changed = change(content, data)
    if path.suffix == '.json':
        path.write_text(json.dumps(changed))
    else:
        path.write_bytes(pickle.dumps(changed))
    try:
        run = read_run(str(path))
    except ValueError as error:
        assert path.name in str(error)
        assert len(str(error)) < 500
        return
    write_report([run], str(tmp_path / 'a.html'), max_pictures=2)
    rows = (tmp_path / 'a.html').read_text(encoding='utf-8')
    rows = rows.partition('id="rows">')[2].partition('</script>')[0]
    json.loads(rows, parse_constant=pytest.fail)


parse = argparse.ArgumentParser(exit_on_error=False)
add_cfg_options(parse)
option = st.text('abc.=,[]()"\'0159- {}e', max_size=20)


@given(st.lists(option, min_size=1, max_size=3))
@example(['a=[' * 9])
@example(['model.x=[1'])
@example(['train_dataloader.9.x=1'])
@example(['c=f(1,2)'])
@example(['c=],['])
def test_config_options(tmp_path, options):
    """What the tools show in one line; else it is a config."""
    path = tmp_path / 'a.py'
    if not path.exists():
        path.write_text('model = dict(a=1, b=[1, dict(c=2)])\nc = "text"\n')
    try:
        arguments = parse.parse_args(['--cfg-options', *options])
        config = load_config(str(path), str(tmp_path), 'none', arguments.cfg_options)
    except (argparse.ArgumentError, SystemExit):
        return
    except (ValueError, AssertionError) as error:
        assert '\n' not in describe(error)
        return
    assert isinstance(config, Config)


@given(st.one_of(texts, st.text('0123456789x,.-+einfa_ ', max_size=12)))
@example('1' * 5000)
@example('٣')
def test_arguments(text):
    for parser in (image_size, int_at_least(1), probability, numbers):
        try:
            found = parser(text)
        except argparse.ArgumentTypeError:
            continue
        values = np.ravel(np.asarray(found, float))
        assert np.isfinite(values).all()
        if parser is probability:
            assert 0 <= found <= 1


floats = st.floats(allow_nan=False, allow_infinity=False)
detections = st.builds(
    Detection, st.tuples(*[floats] * 4), texts, st.none() | st.floats(0, 1)
)
results = st.builds(
    InspectionResult,
    source=texts,
    verdict=st.sampled_from(['pass', 'fail', 'unsure', 'unreadable']),
    label=st.none() | st.integers(0, 99),
    class_name=texts,
    score=st.none() | st.floats(0, 1),
    roi=st.none() | st.tuples(*[floats] * 4),
    detections=st.lists(detections, max_size=3).map(tuple),
    error=texts,
)


@given(st.lists(results, max_size=3))
def test_inspection_files(tmp_path_factory, results):
    folder = tmp_path_factory.mktemp('out')
    with ResultFiles(str(folder), ['a']) as files:
        for result in results:
            files.write(result)
    lines = (folder / 'results.jsonl').read_bytes().split(b'\n')[:-1]
    assert [json.loads(line)['source'] for line in lines] == [r.source for r in results]
    with open(folder / 'results.csv', encoding='utf-8', newline='') as file:
        assert len(list(csv.DictReader(file))) == len(results)


stems = st.text(max_size=300).map(lambda t: re.sub('[/\0]', '', t) or 'a')
paths = st.builds('{}/{}.{}'.format, st.sampled_from('ab'), stems, st.just('png'))


@given(st.lists(paths, unique=True, max_size=9))
def test_names_of_pictures(paths):
    found = name_pictures(paths)
    assert len(set(found.values())) == len(paths)
    for picture in found.values():
        assert not picture.startswith('/')
        assert '..' not in picture.split('/')
        assert len(picture.rpartition('/')[2].encode(errors='replace')) < 256
