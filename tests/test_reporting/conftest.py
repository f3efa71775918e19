# Copyright (c) mmacnn authors. All rights reserved.
"""Results of all methods, as tools/test.py writes them, and a browser to look with."""

import json
import os
import select
import shutil
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from mmacnn.reporting import Run

BROWSERS = (
    *('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'),
    *('chrome', 'chrome-headless-shell', 'headless_shell', 'microsoft-edge'),
)
# By way of 53 and 54, lest one be put where the other still is.
AT_3_AND_4 = """
import os, sys
for source, target in zip(map(int, sys.argv[1:3]), (53, 54)):
    os.dup2(source, target)
os.dup2(53, 3), os.dup2(54, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture
def photos(tmp_path):
    """Paths of eight photographs of 64x48."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / 'photos' / f'{index}.png' for index in range(8)]
    paths[0].parent.mkdir()
    for path in paths:
        cv2.imwrite(str(path), rng.integers(0, 255, (48, 64, 3), np.uint8))
    return [str(path) for path in paths]


def classified(path, truth, probability, **fields):
    """Two classes; ``probability`` is that of class 1."""
    return dict(
        img_path=path,
        ori_shape=[48, 64],
        img_shape=[48, 64],
        gt_label=[truth],
        pred_label=[int(probability > 0.5)],
        pred_score=[1 - probability, probability],
        **fields,
    )


@pytest.fixture
def acnn(photos):
    """ROIs 3 px beside boxes of 1, 2, ... 8 px; images 2 and 7 are wrong."""
    predictions = [
        classified(
            path,
            index % 2,
            [0.1, 0.9, 0.8, 0.95, 0.2, 0.7, 0.3, 0.4][index],
            gt_bboxes=[[10, 10, 11 + index, 11 + index]],
            scale_factor=[1.0, 1.0],
            pred_roi=[13 - 8, 10 - 6, 14 + index + 8, 11 + index + 6],
        )
        for index, path in enumerate(photos)
    ]
    info = dict(
        classes=['good <b>', 'bad'],
        config='acnn.py',
        config_text='model = dict(type="</script>")',
        weights='acnn.pth',
        seed=5,
        versions=dict(torch='2.8'),
        environment=dict(GCC='12'),
        data=dict(images=8, fingerprint='0123456789abcdef'),
        time=dict(device='cpu', threads=1, batch_size=2, seconds_per_image=[0.9, 0.01]),
    )
    heat = np.zeros((12, 16), np.float16)
    heat[3, 4] = 1
    return Run(
        'A-CNN',
        {'accuracy/top1': 75.0},
        predictions,
        info,
        {2: dict(pred_heatmap=heat)},
    )


@pytest.fixture
def anomaly(photos):
    """Anomaly scores that tell all but one pair apart, and maps of one image."""
    predictions = [
        classified(
            path,
            int(index > 3),
            index / 8,
            pred_anomaly_score=[[1.0, 2.0, 3.0, 5.0, 4.0, 6.0, 7.0, 8.0][index]],
            object_fraction=0.01 * (index > 3),
        )
        for index, path in enumerate(photos)
    ]
    mask = np.zeros((48, 64), np.uint8)
    mask[10:20, 10:20] = 255
    png = cv2.imencode('.png', mask)[1].tobytes()
    heat = np.linspace(-3, 3, 16, dtype=np.float16).reshape(4, 4)
    maps = {4: dict(pred_heatmap=heat, pred_mask=png, gt_seg_map=png)}
    return Run('anomaly', {}, predictions, dict(classes=['good', 'bad']), maps)


@pytest.fixture
def detector(photos):
    """Boxes: one found, one of the wrong class, one missed, one made up, one weak."""
    predictions = [
        dict(
            img_path=path,
            ori_shape=[48, 64],
            gt_instances=dict(bboxes=[[0, 0, 10, 10]], labels=[0]),
            pred_instances=dict(bboxes=[[0, 0, 10, 10]], labels=[0], scores=[0.9]),
        )
        for path in photos
    ]
    predictions[1]['pred_instances']['labels'] = [1]
    predictions[2]['pred_instances'] = dict(bboxes=[], labels=[], scores=[])
    predictions[3]['gt_instances'] = dict(bboxes=[], labels=[])
    predictions[4]['pred_instances']['scores'] = [0.2]
    return Run(
        'detector', {'coco/bbox_mAP': 0.5}, predictions, dict(classes=['pit', 'dent'])
    )


class Browser:
    """A headless Chromium at the other end of a pipe, with one page.

    Chrome DevTools Protocol over ``--remote-debugging-pipe``: JSON that ends with a
    zero byte, on file descriptors 3 and 4.
    """

    def __init__(self, binary, profile):
        self._answers, theirs = os.pipe()
        ours, self._orders = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, '-c', AT_3_AND_4, str(ours), str(theirs), binary),
                *('--headless', '--no-sandbox', '--no-zygote', '--disable-gpu'),
                *('--remote-debugging-pipe', f'--user-data-dir={profile}'),
                'about:blank',
            ],
            pass_fds=(ours, theirs),
            stderr=subprocess.DEVNULL,
        )
        os.close(ours), os.close(theirs)
        self._number, self._rest, self._session = 0, b'', {}
        self.events = []
        page = self.call('Target.createTarget', url='about:blank')['targetId']
        session = self.call('Target.attachToTarget', targetId=page, flatten=True)
        self._session = dict(sessionId=session['sessionId'])
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def _read(self, patience=30):
        end = time.monotonic() + patience
        while b'\0' not in self._rest:
            if not select.select([self._answers], [], [], end - time.monotonic())[0]:
                raise TimeoutError(f'the browser said nothing in {patience} s')
            self._rest += os.read(self._answers, 1 << 16)
        message, _, self._rest = self._rest.partition(b'\0')
        return json.loads(message)

    def call(self, method, **params):
        self._number += 1
        order = dict(id=self._number, method=method, params=params, **self._session)
        os.write(self._orders, json.dumps(order).encode() + b'\0')
        while (message := self._read()).get('id') != self._number:
            self.events.append(message)
        assert 'error' not in message, message['error']
        return message['result']

    def open(self, path):
        self.events.clear()
        self.call('Page.navigate', url=path.as_uri())
        while not any(e['method'] == 'Page.loadEventFired' for e in self.events):
            self.events.append(self._read())

    def run(self, script):
        """Value of an expression, or of the promise that it is."""
        answer = self.call(
            'Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True
        )
        assert 'exceptionDetails' not in answer, answer['exceptionDetails']
        return answer['result'].get('value')

    def complaints(self):
        """Errors, warnings and messages of the page and the browser."""
        names = (
            'Log.entryAdded',
            'Runtime.exceptionThrown',
            'Runtime.consoleAPICalled',
        )
        return [event for event in self.events if event['method'] in names]

    def requests(self):
        """Addresses that the page asked for, those inside it left out."""
        urls = [
            event['params']['request']['url']
            for event in self.events
            if event['method'] == 'Network.requestWillBeSent'
        ]
        return [url for url in urls if not url.startswith('data:')]

    def close(self):
        self._process.terminate()
        self._process.wait(10)
        os.close(self._answers), os.close(self._orders)


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    names = [os.environ['CHROMIUM']] if 'CHROMIUM' in os.environ else BROWSERS
    binary = next(filter(None, map(shutil.which, names)), None)
    if binary is None:
        pytest.skip('no Chromium here: install one, or name it in CHROMIUM')
    browser = Browser(binary, tmp_path_factory.mktemp('profile'))
    yield browser
    browser.close()
