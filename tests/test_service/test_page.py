# Copyright (c) mmacnn authors. All rights reserved.
"""The page in a real browser, of a service that was started from the terminal."""

import base64
import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from mmacnn.converters.labels import read_labels

from ..test_inference.test_classification import CLASSES, acnn_config, save_weights

IMAGE = np.full((480, 640, 3), 90, np.uint8)
TOKEN = 'a long enough token'


@contextmanager
def started(folder):
    """The URL of a service that listens on a free port."""
    config = acnn_config()
    config.dump(folder / 'tiny.py')
    meta = dict(dataset_meta=dict(classes=CLASSES))
    weights = save_weights(config, folder / 'tiny.pth', meta)
    (folder / 'token').write_text(TOKEN)
    command = [
        *(sys.executable, '-m', 'mmacnn', 'serve', folder / 'tiny.py'),
        *('--weights', weights, '--device', 'cpu', '--port', '0'),
        *('--token-file', folder / 'token', '--feedback', folder / 'feedback'),
        *('--record', folder / 'record'),
    ]
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, cwd=folder
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        last, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and 'last hash' in last


WIDTH = 'document.querySelector("#picture").naturalWidth'
PLACE = 'JSON.stringify(document.querySelector("#picture").getBoundingClientRect())'


def click(browser, selector):
    browser.run(f'document.querySelector({json.dumps(selector)}).click()')


@pytest.mark.soak
def test_a_correction_in_a_browser(browser, tmp_path):
    httpx = pytest.importorskip('httpx', reason='httpx is not installed')
    pytest.importorskip('fastapi', reason='requirements/serve.txt are not installed')
    headers = dict(authorization=f'Bearer {TOKEN}')
    content = cv2.imencode('.png', IMAGE)[1].tobytes()
    with started(tmp_path) as url:
        for name in ('a.png', '<b>.png'):
            sent = dict(params=dict(name=name), content=content, headers=headers)
            httpx.post(f'{url}inspect', **sent).raise_for_status()
        browser.call('Network.setExtraHTTPHeaders', headers=headers)
        browser.open(url)
        browser.wait_for('document.querySelectorAll("#last tr").length == 2')
        names = '[...document.querySelectorAll("#last td:last-child")]'
        shown = browser.run(f'{names}.map((cell) => cell.textContent)')
        assert shown == ['<b>.png', 'a.png']
        browser.wait_for(f'{WIDTH} > 640')  # with what was found
        click(browser, '#last tr:nth-child(2)')
        click(browser, '#wrong')
        browser.wait_for(f'{WIDTH} == 640')
        area = json.loads(browser.run(PLACE))
        scale = area['width'] / 640
        corners = [
            (area['x'] + x * scale, area['y'] + y * scale)
            for x, y in ((100, 80), (300, 200))
        ]
        browser.drag(*corners)
        picture = browser.call('Page.captureScreenshot')['data']
        (tmp_path / 'page.png').write_bytes(base64.b64decode(picture))
        click(browser, '#labels button:nth-child(2)')
        browser.wait_for('document.querySelector("#said").textContent.length > 0')
        said = browser.run('document.querySelector("#said").textContent')
        assert said.startswith('stored: ') and not browser.complaints()
        browser.call('Network.setExtraHTTPHeaders', headers={})
        browser.open('about:blank')
    found, *_ = read_labels(str(tmp_path / 'feedback'))
    (image,) = found.images
    (drawn,) = image.objects
    assert drawn.name == 'right'
    assert np.allclose(drawn.box, [100, 80, 300, 200], atol=2)
