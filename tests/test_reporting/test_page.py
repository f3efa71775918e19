# Copyright (c) mmacnn authors. All rights reserved.
"""What the page says, read without a browser."""

import base64
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from mmacnn.reporting import Run, write_report

EMPTY = ('meta', 'img', 'input', 'br', 'link')


class Page(HTMLParser):
    """Checks that all elements are closed in order; gathers images and words."""

    def __init__(self, path):
        super().__init__()
        self.open, self.images, self.words, self.ids = [], [], [], []
        self.kinds = []  # classes of the open elements
        self.text = path.read_text(encoding='utf-8')
        self.feed(self.text)
        self.close()
        assert not self.open
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert not {'href', 'src'} & set(attrs) or re.match(
            '#|data:', attrs.get('href', attrs.get('src'))
        )
        if 'id' in attrs:
            self.ids.append(attrs['id'])
        if tag == 'img':
            assert attrs['alt']
            if 'worst' not in self.kinds:
                self.images.append(attrs['src'])
        if tag not in EMPTY:
            self.open.append(tag)
            self.kinds.append(attrs.get('class'))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.kinds.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ('script', 'style'):
            self.words.append(data)

    @property
    def said(self):
        return ' '.join(' '.join(self.words).split())

    def photos(self):
        return [
            cv2.imdecode(np.frombuffer(base64.b64decode(s), np.uint8), cv2.IMREAD_COLOR)
            for s in (source.partition('jpeg;base64,')[2] for source in self.images)
            if s
        ]


@pytest.fixture
def write(tmp_path):
    def write(*runs, **arguments):
        write.warnings = write_report(runs, str(tmp_path / 'r.html'), **arguments)
        return Page(tmp_path / 'r.html')

    return write


def test_one_run(acnn, write):
    page = write(acnn)
    for words in ('75.00 %', '6 of 8', 'accuracy/top1', 'Localisation error'):
        assert words in page.said
    for words in ('good <b>', 'fingerprint 0123456789abcdef', 'torch 2.8', 'GCC'):
        assert words in page.said
    assert 'median 3.0 px' in page.said and '10.0 ms' in page.said
    assert 'ROC' in page.said  # two classes
    assert write.warnings == []
    assert len(page.photos()) == 8


def test_content_does_not_end_the_script(acnn, write):
    evil = '</script><script>alert(1)</script>'
    page = write(replace(acnn, info=acnn.info | dict(classes=[evil, 'b'])))
    assert page.text.count('<script>') == 1
    assert evil in page.said


def test_charts_are_svg(acnn, anomaly, detector, write):
    page = write(acnn, anomaly, detector)
    charts = [s.partition('svg+xml;base64,')[2] for s in page.images]
    charts = [base64.b64decode(chart) for chart in charts if chart]
    # Escapes, by size, localisation error, ROC, precision and recall, time.
    assert len(charts) == 6
    assert all(ElementTree.fromstring(chart).tag.endswith('svg') for chart in charts)
    assert 'anomaly: AUROC 93.75 %' in page.text
    assert 'detector, pit: AP' in page.text


def test_methods_side_by_side(acnn, anomaly, detector, write):
    page = write(acnn, anomaly, detector)
    assert '87.50 % +12.50' in page.said
    assert 'both correct on 5, both wrong on 0' in page.said
    assert 'only A-CNN is correct on 1, only anomaly on 2' in page.said
    assert 'detected, false alarms: 1' in page.text  # a false positive


def test_pictures_are_bounded_and_the_wrong_come_first(acnn, detector, write):
    page = write(acnn, detector, max_pictures=5)
    assert len(page.photos()) == 5
    names = re.findall(r'<figcaption>(\S+) · (\S+) · <b>(\w+)</b>', page.text)
    assert [name for name, *_ in names] == ['2.png', '7.png', '1.png', '2.png', '3.png']
    assert {verdict for *_, verdict in names} == {'wrong'}


def test_maps_are_drawn(anomaly, write):
    blind = Run('blind', {}, anomaly.predictions, anomaly.info)
    with_map, without = (
        write(run, max_pictures=1).photos()[0] for run in (anomaly, blind)
    )
    # The map stands in a panel beside the photograph.
    assert with_map.shape[1] / with_map.shape[0] > without.shape[1] / without.shape[0]


def test_images_gone(acnn, photos, write):
    os.remove(photos[2])
    with open(photos[7], 'wb') as file:
        file.write(b'no image')
    page = write(acnn)
    assert len(page.photos()) == 6
    (warning,) = write.warnings
    assert '2 of the images to draw were removed' in warning and photos[2] in warning
    assert warning in page.said


def test_different_data(acnn, write):
    other = acnn.info | dict(data=dict(images=8, fingerprint='f' * 16))
    page = write(acnn, Run('other', {}, acnn.predictions, other))
    assert 'different data' in write.warnings[0]
    # What has the same name is not the same image.
    assert 'both right' not in page.said
    assert page.text.count('"name":"3.png"') == 2


def test_without_run_information(acnn, write):
    page = write(Run('old', {}, acnn.predictions))
    assert 'have no data about the run' in write.warnings[0]
    assert 'class 1' in page.said


def test_many_classes(photos, write):
    scores = np.eye(40).tolist()
    predictions = [
        dict(
            img_path=path, gt_label=[i], pred_label=[i // 2], pred_score=scores[i // 2]
        )
        for i, path in enumerate(photos * 5)
    ]
    page = write(Run('many', {}, predictions))
    assert '40 classes are too many for a matrix' in page.said
    assert 'and 27 less frequent ones' in page.said


def test_truth_unknown(photos, write):
    page = write(
        Run('new', {}, [dict(img_path=p, pred_score=[0.2, 0.8]) for p in photos])
    )
    assert 'Correct images –' in page.said and 'Confusion' not in page.said


def test_a_page_of_1200_images_stays_below_10_mb(acnn, photos, tmp_path, write):
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    cv2.imwrite(photos[0], cv2.GaussianBlur(noise, (0, 0), 1))
    predictions = []
    for index in range(1200):
        path = tmp_path / 'photos' / f'photograph_{index:06}.jpg'
        if index < 60:
            os.link(photos[0], path)
        wrong = dict(gt_label=[1], pred_label=[0], pred_score=[0.9, 0.1])
        predictions.append(acnn.predictions[index % 8] | dict(img_path=str(path)))
        if index < 60:
            predictions[-1].update(wrong)
    page = write(replace(acnn, predictions=predictions, maps={}))
    assert len(page.photos()) == 60
    assert len(page.text.encode()) < 10e6


def test_metrics_have_names_in_words_and_their_keys(acnn, write):
    metrics = {'map/pointing_small': 50.0, 'roi/centre_error_p95': 3.0, 'mine/x': 1.0}
    page = write(replace(acnn, metrics=metrics))
    name = 'Defective images with the peak of the map on a defect, %: small defects'
    first, _, details = page.said.partition('Keys of these numbers')
    assert name in first and 'of the object, 95 % within, px' in first
    assert 'roi/' not in first and 'map/' not in first
    assert f'{name} map/pointing_small' in details
    assert page.said.count('mine/x') == 1
