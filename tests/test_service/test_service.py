# Copyright (c) mmacnn authors. All rights reserved.
"""The web service, with a tiny untrained model."""

import asyncio
import errno
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import cv2
import numpy as np
import pytest

from mmacnn.cli.command_line import main
from mmacnn.converters.labels import ImportOptions, read_labels
from mmacnn.inference import Inspector
from mmacnn.inference.frames import Frame
from mmacnn.inference.sources import Live
from mmacnn.line.record import Record, hash_image, verify
from mmacnn.utils import InputError

from ..test_inference.test_classification import CLASSES, acnn_config, save_weights
from ..testing.mjpeg import mjpeg_camera

for name in ('fastapi', 'prometheus_client', 'httpx'):
    pytest.importorskip(name, reason=f'{name} is not installed')

from fastapi.testclient import TestClient  # noqa: E402

from mmacnn.service.access import read_token  # noqa: E402
from mmacnn.service.app import make_app  # noqa: E402
from mmacnn.service.feedback import Feedback, layout_of  # noqa: E402
from mmacnn.service.service import Service, Settings  # noqa: E402
from mmacnn.service.uploads import Limits, Memory, Refused, read_body  # noqa: E402

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
PNG = cv2.imencode('.png', IMAGE)[1].tobytes()
LIMITS = Limits(megabytes=0.05, megapixels=0.01, seconds=2.0)
TOKEN = 'a long enough token'


@pytest.fixture(scope='module')
def inspector(tmp_path_factory):
    config = acnn_config()
    path = tmp_path_factory.mktemp('model') / 'tiny.pth'
    meta = dict(dataset_meta=dict(classes=CLASSES))
    return Inspector(config, save_weights(config, path, meta), device='cpu')


@contextmanager
def serve(inspector, feedback=None, **settings):
    service = Service(inspector, Settings(LIMITS, **settings), feedback=feedback)
    with TestClient(make_app(service), base_url='http://localhost') as client:
        client.service = service
        yield client


def test_a_good_upload(inspector, tmp_path):
    """Its answer is the Inspector's result; page, metrics and record know of it."""
    (expected,) = inspector(IMAGE)
    inspector.record = Record(str(tmp_path), inspector.facts(), keep={})
    try:
        with serve(inspector) as client:
            answer = client.post('/inspect', params=dict(name='a.png'), content=PNG)
            found = answer.json()
            assert answer.status_code == 200 and found['source'] == 'a.png'
            for key in ('verdict', 'class_name'):
                assert found[key] == getattr(expected, key)
            assert found['roi'] == pytest.approx(expected.roi)
            assert set(found['milliseconds']) == {'read', 'age', 'predict'}
            (row,) = client.get('/status').json()['last']
            assert row['id'] == found['id'] and row['verdict'] == found['verdict']
            for kind in ('picture', 'image'):
                drawn = client.get(f'/{kind}/{found["id"]}').content
                assert cv2.imdecode(np.frombuffer(drawn, np.uint8), 1) is not None
            assert client.get('/picture/none').status_code == 404
            counted = f'mmacnn_results_total{{verdict="{found["verdict"]}"}} 1.0'
            assert counted in client.get('/metrics').text
            assert client.get('/health').json() == dict(status='ok', error='')
            schema = client.get('/openapi.json').json()['components']['schemas']
            assert set(schema['InspectionResult']['properties']) == set(found)
            for page in ('/', '/page.js', '/page.css'):
                assert client.get(page).status_code == 200
    finally:
        inspector.record.close()
        inspector.record = None
    checked = verify(str(tmp_path))
    assert checked.count == 1 and not checked.problems
    assert hash_image(IMAGE) in next(tmp_path.glob('*.jsonl')).read_text()


def huge_png():
    """60 000 x 60 000 pixels in 100 bytes."""

    def chunk(kind, data):
        crc = struct.pack('>I', zlib.crc32(kind + data))
        return struct.pack('>I', len(data)) + kind + data + crc

    header = struct.pack('>IIBBBBB', 60000, 60000, 1, 0, 0, 0, 0)
    rows = chunk(b'IDAT', zlib.compress(b'\0' * 1000))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + rows + chunk(b'IEND', b'')


@pytest.mark.parametrize(
    ('content', 'status', 'reason'),
    [
        (PNG + bytes(50_000), 413, 'more than 0.05 MB'),
        (iter([bytes(30_000)] * 2), 413, 'more than 0.05 MB'),  # without a length
        (huge_png(), 413, 'more than 0.01 million pixels'),
        (cv2.imencode('.png', np.zeros((101, 100)))[1].tobytes(), 413, 'pixels'),
        (PNG[: len(PNG) // 2], 422, 'truncated or damaged'),
        (PNG[:80] + bytes(400) + PNG[480:], 422, 'truncated or damaged'),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, 'found no image'),
        (b'', 422, 'empty body'),
    ],
    ids=['large', 'chunked', 'bomb', 'pixels', 'truncated', 'damaged', 'svg', 'empty'],
)
def test_a_bad_upload_disturbs_nobody(inspector, content, status, reason):
    with serve(inspector) as client:
        answer = client.post('/inspect', content=content)
        assert answer.status_code == status and reason in answer.json()['error']
        assert client.post('/inspect', content=PNG).status_code == 200
        assert client.get('/health').status_code == 200
        assert f'mmacnn_refused_total{{status="{status}"}} 1.0' in (
            client.get('/metrics').text
        )


def test_a_slow_client():
    async def trickle():
        yield b'a'
        await asyncio.sleep(60)

    limits, memory = Limits(seconds=0.05), Memory(1)
    with memory.reserve() as take, pytest.raises(Refused) as refused:
        asyncio.run(read_body(trickle(), None, limits, take))
    assert refused.value.status == 408
    with memory.reserve() as take:
        take(1_000_000)  # all is free again


def test_a_full_queue(inspector, monkeypatch):
    started, free = Event(), Event()

    def wait(self, batch):
        started.set()
        free.wait(20)
        return predict(self, batch)

    predict = Inspector.predict
    monkeypatch.setattr(Inspector, 'predict', wait)
    with serve(inspector, queue=1) as client, ThreadPoolExecutor() as threads:
        first = threads.submit(client.post, '/inspect', content=PNG)
        assert started.wait(20)
        client.service.batches.submit(Frame('waits', IMAGE))
        answer = client.post('/inspect', content=PNG)
        assert answer.status_code == 503 and answer.headers['retry-after'] == '1'
        free.set()
        assert first.result().status_code == 200
        assert client.post('/inspect', content=PNG).status_code == 200


def test_full_memory(inspector):
    with serve(inspector, memory=0.02) as client:  # of 0.028 for the image's pixels
        assert client.post('/inspect', content=PNG).status_code == 503


def test_an_image_that_breaks_its_batch(inspector, monkeypatch):
    """The others of the batch get their results; the service says what was wrong."""

    def fail(self, batch):
        if any(frame.name == 'bad' for frame, _ in batch):
            raise InputError('this one is bad')
        return predict(self, batch)

    predict = Inspector.predict
    monkeypatch.setattr(Inspector, 'predict', fail)
    with serve(inspector) as client, ThreadPoolExecutor() as threads:
        names = ['a', 'bad', 'b', 'c']
        ask = [
            threads.submit(client.post, '/inspect', params=dict(name=name), content=PNG)
            for name in names
        ]
        codes = [each.result().status_code for each in ask]
        assert codes == [200, 500, 200, 200]
        client.post('/inspect', params=dict(name='bad'), content=PNG)
        health = client.get('/health')
        assert health.status_code == 503 and 'this one is bad' in health.text


def test_a_full_disk(inspector):
    """No answer without a line of the record."""

    class Full:
        def write(self, image, result):
            raise OSError(errno.ENOSPC, 'No space left on device', 'record/0.jsonl')

    inspector.record = Full()
    try:
        with serve(inspector) as client:
            answer = client.post('/inspect', content=PNG)
            assert answer.status_code == 500 and 'record/0.jsonl' in answer.text
            assert client.get('/health').status_code == 503
            inspector.record = None
            assert client.post('/inspect', content=PNG).status_code == 200
            assert client.get('/health').status_code == 200
    finally:
        inspector.record = None


@pytest.mark.parametrize(
    ('headers', 'token', 'status'),
    [
        ({}, TOKEN, 401),
        ({'authorization': 'Bearer wrong'}, TOKEN, 401),
        ({'authorization': f'Bearer {TOKEN}'}, TOKEN, 200),
        # printf 'anybody:a long enough token' | base64
        ({'authorization': 'Basic YW55Ym9keTphIGxvbmcgZW5vdWdoIHRva2Vu'}, TOKEN, 200),
        ({'authorization': 'Basic ?'}, TOKEN, 401),
        ({'sec-fetch-site': 'cross-site'}, None, 403),
        ({'host': 'elsewhere.example'}, None, 403),
        ({'host': '[bad'}, None, 403),
        ({}, None, 200),
    ],
)
def test_who_may_ask(inspector, headers, token, status):
    with serve(inspector, token=token) as client:
        answer = client.post('/inspect', content=PNG, headers=headers)
        assert answer.status_code == status
        if token:
            assert client.get('/health').status_code == 200
            assert client.get('/').status_code == 401


def test_a_token_that_is_no_secret(tmp_path):
    (tmp_path / 'token').write_text('1234\n')
    with pytest.raises(InputError, match='found 4 characters, expected a token of'):
        read_token(str(tmp_path / 'token'))


BOX = [8, 6, 40, 30]


@pytest.mark.parametrize('layout', ['folders', 'yolo', 'coco'])
def test_a_correction_is_read_by_the_importer(inspector, layout, tmp_path):
    """Stored, corrected once more, and a second one by the next run."""
    boxes = None if layout == 'folders' else [BOX]
    folder = tmp_path / 'feedback'
    for labels in (('left', 'right'), ('none',)):
        feedback = Feedback(str(folder), layout, CLASSES)
        with serve(inspector, feedback) as client:
            id = client.post('/inspect', content=PNG).json()['id']
            assert client.get('/status').json()['labels'][:3] == list(CLASSES)
            for label in labels:
                sent = dict(id=id, label=label, boxes=boxes)
                assert client.post('/feedback', json=sent).status_code == 200
            for wrong in (dict(sent, label='../up'), dict(sent, id='gone')):
                assert client.post('/feedback', json=wrong).status_code in (404, 422)
    found, *_ = read_labels(str(folder), ImportOptions(format=layout))
    assert sorted(_labels(found)) == ['none', 'right']
    if boxes:
        boxes = [each.box for image in found.images for each in image.objects]
        assert np.allclose(boxes, [BOX, BOX], atol=1e-3)
    for image in found.images:
        assert np.array_equal(cv2.imread(image.path), IMAGE)


def _labels(dataset):
    return [image.label or image.objects[0].name for image in dataset.images]


@pytest.mark.parametrize(
    ('layout', 'correction', 'reason'),
    [
        ('coco', dict(boxes=[]), 'boxes: found none'),
        ('yolo', dict(boxes=[BOX, BOX]), 'boxes: found 2, expected one'),
        ('yolo', dict(boxes=[[70, 0, 90, 9]]), 'within the 64x48 pixels'),
        ('folders', dict(label='else'), "found 'else', expected one of left"),
    ],
)
def test_a_wrong_correction(inspector, layout, correction, reason, tmp_path):
    with serve(inspector, Feedback(str(tmp_path), layout, CLASSES)) as client:
        id = client.post('/inspect', content=PNG).json()['id']
        sent = dict(dict(id=id, label='left'), **correction)
        answer = client.post('/feedback', json=sent)
        assert answer.status_code == 422 and reason in answer.json()['error']
    assert not list(tmp_path.rglob('*.png'))


def test_other_classes_in_the_folder(tmp_path):
    Feedback(str(tmp_path), 'yolo', CLASSES)
    with pytest.raises(InputError, match='found the classes left, right, none'):
        Feedback(str(tmp_path), 'yolo', ('a', 'b'))
    with pytest.raises(InputError, match="found the class '../a', expected a name"):
        Feedback(str(tmp_path / 'new'), 'folders', ('../a', 'b'))


def test_the_layout_is_what_the_method_trains_on():
    assert layout_of(acnn_config()) == 'yolo'


def test_a_camera(inspector):
    with serve(inspector) as client, mjpeg_camera() as camera:
        url = f'http://127.0.0.1:{camera.server_address[1]}/live'
        live = Live([url], inspector.inferencer.loader, '', 2.0)
        thread = client.service.watch(live)
        while not (last := client.get('/status').json()['last']):
            pass
        assert client.get(f'/picture/{last[0]["id"]}').status_code == 200
        live.close()
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--host', '0.0.0.0'], '--host 0.0.0.0: expected --token-file'),
        (['--camera', 'photo.jpg'], '--camera photo.jpg: expected the number of'),
        (['--trigger', 'every:1'], '--trigger every:1: expected a --camera'),
        (['--max-megapixels', '200'], '--memory-mb 1024: expected at least 1832'),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(InputError, match=message):
        main(['serve', 'some_model', *options])
