# Copyright (c) mmacnn authors. All rights reserved.
"""Which images to label next, with a model of each method and by hand-made numbers."""

import csv
import os
import shutil

import cv2
import numpy as np
import pytest
import torch

from mmacnn.apis.label_next import Proposal, label_next, say, write_proposals
from mmacnn.apis.label_ranking import Doubt, rank
from mmacnn.cli.command_line import main
from mmacnn.engine.config import load_config
from mmacnn.inference.features import find_backbone, pool
from mmacnn.inference.result import Detection, InspectionResult
from mmacnn.utils import InputError

from ..testing.methods import METHODS, random_weights
from ..testing.paths import ROOT
from ..testing.tiny import write_tiny_config


def write_images(folder, count, seed, size=(96, 96)):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for index in range(count):
        coarse = rng.integers(0, 256, (6, 6, 3), np.uint8)
        image = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_NEAREST)
        assert cv2.imwrite(str(folder / f'{index}.png'), image)


@pytest.mark.parametrize('name', METHODS)
def test_each_method(name, tmp_path):
    method = METHODS[name]
    config = str(tmp_path / 'tiny.py')
    options = {k: v for k, v in method.options.items() if k.startswith('model.')}
    load_config(str(ROOT / 'configs' / method.config), cfg_options=options).dump(config)
    weights = random_weights(config, tmp_path / 'tiny.pth')
    write_images(tmp_path / 'new/sub', 3, 0, method.size)
    write_images(tmp_path / 'old', 1, 1, method.size)
    shutil.copy(tmp_path / 'new/sub/1.png', tmp_path / 'new/copy.png')

    found = label_next(
        *(config, weights, str(tmp_path / 'new'), str(tmp_path / 'out')),
        count=4,
        labelled=[str(tmp_path / 'old')],
        device='cpu',
        regions=method.inspector.get('regions'),
    )
    assert (found.num_images, found.num_labelled, found.errors) == (4, 1, [])
    paths = [each.path for each in found.proposals]
    assert len(set(paths)) == 4
    assert all(0 <= each.uncertainty <= 1 for each in found.proposals)
    # Of an image and its copy, the second one has nothing new.
    assert os.path.basename(paths[-1]) in ('1.png', 'copy.png')
    assert found.proposals[-1].distance == pytest.approx(0, abs=1e-4)
    assert all(each.distance > 1e-4 for each in found.proposals[:-1])
    links = sorted((tmp_path / 'out/images').iterdir())
    assert [link.name for link in links] == [
        f'{number}_{os.path.basename(path)}' for number, path in enumerate(paths, 1)
    ]
    assert all(os.path.samefile(*pair) for pair in zip(links, paths, strict=True))


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    """A config and its weights, a classifier of two classes."""
    folder = tmp_path_factory.mktemp('tiny')
    config = write_tiny_config(folder)
    return str(config), random_weights(config, folder / 'tiny.pth')


def test_command_line(tiny, tmp_path, capsys):
    new, out = tmp_path / 'new', tmp_path / 'out'
    write_images(new, 4, 0, (24, 24))
    (new / '2.png').write_bytes(b'no image')
    main(['label-next', *tiny, str(new), '--count', '9', '--out', str(out)])
    said = capsys.readouterr().out
    assert '3 of 3 images, compared with 0 labelled ones' in said
    assert f'1 left out, the first: {new / "2.png"}: ' in said
    with (out / 'next.csv').open(newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [row['rank'] for row in rows] == ['1', '2', '3']
    assert {row['path'] for row in rows} == {str(new / f'{i}.png') for i in (0, 1, 3)}
    assert rows[0]['distance'] == ''
    assert rows[0]['uncertainty'] == max(row['uncertainty'] for row in rows)


def test_labelled_images_are_not_proposed(tiny, tmp_path):
    write_images(tmp_path / 'new', 2, 0, (24, 24))
    write_images(tmp_path / 'new/done', 2, 1, (24, 24))
    shutil.copy(tmp_path / 'new/done/0.png', tmp_path / 'new/copy.png')
    new, done, out = (str(tmp_path / name) for name in ('new', 'new/done', 'out'))
    found = label_next(*tiny, new, out, labelled=[done], device='cpu')
    assert {each.path for each in found.proposals} == {f'{new}/{i}.png' for i in (0, 1)}
    with pytest.raises(InputError, match='found labelled images alone'):
        label_next(*tiny, done, f'{out}2', labelled=[done], device='cpu')


def test_nothing_to_choose_from(tiny, tmp_path):
    new = tmp_path / 'new'
    new.mkdir()
    with pytest.raises(InputError, match='found no image'):
        label_next(*tiny, str(new), str(tmp_path / 'out'))
    (new / 'a.png').touch()
    with pytest.raises(InputError, match=r'a\.png: .*no other image could be read'):
        label_next(*tiny, str(new), str(tmp_path / 'out'))
    assert not (tmp_path / 'out').exists()
    with pytest.raises(InputError, match='count: found 0'):
        label_next(*tiny, str(new), str(tmp_path / 'out'), count=0)


def test_copies_where_links_are_impossible(tmp_path, monkeypatch):
    def refuse(*paths):
        raise OSError('another disk')

    monkeypatch.setattr(os, 'link', refuse)
    (tmp_path / 'a.png').write_bytes(b'pixels')
    proposals = [Proposal(str(tmp_path / 'a.png'), 1.0, None, 'pit 0.50')]
    write_proposals(proposals, str(tmp_path / 'out'))
    assert (tmp_path / 'out/images/1_a.png').read_bytes() == b'pixels'


def order(features, uncertainty, count, labelled=None):
    return [each.index for each in rank(features, uncertainty, count, labelled)]


LINE = np.array([[0.0], [1.0], [1.01], [4.0]])


def test_the_least_certain_come_first():
    corners = np.eye(4)  # all as unlike one another
    uncertainty = [0.1, 0.9, 0.3, 0.5]
    assert order(corners, uncertainty, 4) == [1, 3, 2, 0]
    assert order(corners, uncertainty, 9) == [1, 3, 2, 0]  # more than there are
    assert order(corners, uncertainty, 2) == [1, 3]


def test_near_copies_come_last():
    assert order(LINE, [0.2, 1.0, 1.0, 0.2], 4)[-1] in (1, 2)
    assert order(LINE, [0.2, 1.0, 0.99, 0.2], 4) == [1, 3, 0, 2]


def test_equally_certain_images_by_distance():
    labelled = np.array([[0.0]])
    assert order(LINE, [0, 0, 0, 0], 2, labelled)[0] == 3
    first = rank(LINE, [0, 0, 0, 0], 1, labelled)[0]
    assert first.distance == pytest.approx(4 / LINE.std())
    assert order(LINE, [0, 0, 0, 0], 1) == [3]  # farthest from the mean


def test_images_that_look_all_the_same_by_uncertainty():
    assert order(np.zeros((3, 2)), [0.1, 0.7, 0.4], 3) == [1, 2, 0]
    assert order(np.zeros((3, 2)), [0.1, 0.7, 0.4], 3, np.zeros((1, 2))) == [1, 2, 0]


def boxes(*scores, prompted=False):
    return tuple(
        Detection((0.0, 0.0, 1.0, 1.0), 'pit', score, prompted=prompted)
        for score in scores
    )


@pytest.mark.parametrize(
    ('fields', 'expected'),
    [
        (dict(scores=(0.5, 0.5)), 1.0),
        (dict(scores=(0.7, 0.1, 0.2)), 0.5),
        (dict(scores=(0.0, 1.0)), 0.0),
        # A good image usually has 2.0, and 5.0 is the threshold.
        (dict(anomaly_score=5.0, scores=(0.05, 0.95)), 1.0),
        (dict(anomaly_score=2.0), 0.0),
        (dict(anomaly_score=3.5), 0.5),
        (dict(anomaly_score=6.5), 0.5),
        (dict(anomaly_score=100.0), 0.0),
        (dict(detections=boxes(0.9, 0.3, 0.01)), 1.0),
        (dict(detections=boxes(0.15)), 0.5),
        (dict(detections=boxes(0.65)), 0.5),
        (dict(detections=()), 0.0),
        (dict(detections=boxes(0.9, 0.25, prompted=True)), 1.0),
        (dict(detections=boxes(1.0, prompted=True)), 0.0),
    ],
)
def test_uncertainty(fields, expected):
    doubt = Doubt(num_classes=4, score_thr=0.3, threshold=5.0, usual_good=2.0)
    result = InspectionResult('a', **fields)
    assert doubt.of(result) == pytest.approx(expected)


def test_what_the_model_says():
    result = InspectionResult('a', detections=boxes(0.9, 0.2), score=0.9)
    assert say(result, 0.3) == 'pit 0.90'
    assert say(InspectionResult('a', detections=boxes(0.2)), 0.3) == 'nothing'
    many = InspectionResult('a', detections=boxes(*[0.5] * 5))
    assert say(many, 0.3) == 'pit 0.50, pit 0.50, pit 0.50, 2 more'


def test_pooled_outputs():
    maps = (torch.zeros(2, 3, 4, 4), torch.ones(2, 5, 2, 2))
    assert pool(maps).tolist() == [[1.0] * 5] * 2
    assert pool(torch.ones(2, 7, 5)).shape == (2, 5)
    assert pool([torch.ones(2, 5)]).shape == (2, 5)
    with pytest.raises(InputError, match='no module of the name `backbone`'):
        find_backbone(torch.nn.Linear(1, 1))
