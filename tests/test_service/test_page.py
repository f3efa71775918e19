# Copyright (c) mmacnn authors. All rights reserved.
"""The page in a real browser, of a service that was started from the terminal."""

import shutil
import signal
import subprocess
import sys
import time
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


def wait_for_width(page, is_wanted):
    """Wait for another picture; the page's policy allows no string of a program."""
    picture, end = page.locator('#picture'), time.monotonic() + 20
    while not is_wanted(picture.evaluate('image => image.naturalWidth')):
        assert time.monotonic() < end
        page.wait_for_timeout(100)


@pytest.mark.soak
def test_a_correction_in_a_browser(tmp_path):
    api = pytest.importorskip(
        'playwright.sync_api', reason='playwright is not installed'
    )
    httpx = pytest.importorskip('httpx', reason='httpx is not installed')
    pytest.importorskip('fastapi', reason='requirements/serve.txt are not installed')
    if (chromium := shutil.which('chromium')) is None:
        pytest.skip('there is no chromium')
    problems = []
    with started(tmp_path) as url, api.sync_playwright() as playwright:
        content = cv2.imencode('.png', IMAGE)[1].tobytes()
        for name in ('a.png', '<b>.png'):
            headers = dict(authorization=f'Bearer {TOKEN}')
            httpx.post(
                f'{url}inspect',
                params=dict(name=name),
                content=content,
                headers=headers,
            ).raise_for_status()
        browser = playwright.chromium.launch(
            executable_path=chromium, args=['--no-sandbox']
        )
        page = browser.new_page(
            viewport=dict(width=1200, height=900),
            http_credentials=dict(username='line 3', password=TOKEN),
        )
        page.on('pageerror', lambda error: problems.append(str(error)))
        page.on('console', lambda line: problems.append(line.text))
        page.goto(url)
        page.wait_for_selector('#last tr')
        assert page.locator('#last tr td:last-child').all_inner_texts() == [
            '<b>.png',
            'a.png',
        ]
        wait_for_width(page, lambda width: width > 640)  # with what was found
        page.click('#last tr:nth-child(2)')
        page.click('#wrong')
        wait_for_width(page, lambda width: width == 640)
        area = page.locator('#picture').bounding_box()
        scale = area['width'] / 640
        page.mouse.move(area['x'] + 100 * scale, area['y'] + 80 * scale)
        page.mouse.down()
        page.mouse.move(area['x'] + 300 * scale, area['y'] + 200 * scale)
        page.mouse.up()
        page.screenshot(path=str(tmp_path / 'page.png'))
        page.click('#labels button:has-text("right")')
        page.wait_for_selector('#said:has-text("stored")')
        browser.close()
    assert not problems
    found, *_ = read_labels(str(tmp_path / 'feedback'))
    (image,) = found.images
    (drawn,) = image.objects
    assert drawn.name == 'right'
    assert np.allclose(drawn.box, [100, 80, 300, 200], atol=2)
