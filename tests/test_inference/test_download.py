# Copyright (c) mmacnn authors. All rights reserved.
"""Images by their URL, from a server of this machine."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from mmacnn.cli.command_line import main
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.inference import Inspector, download
from mmacnn.inference.download import is_image_url, read_url
from mmacnn.inference.frames import open_frames
from mmacnn.utils import InputError

from ..testing.methods import random_weights
from ..testing.tiny import write_tiny_config

IMAGE = np.arange(24 * 24 * 3, dtype=np.uint8).reshape(24, 24, 3)
PNG = cv2.imencode('.png', IMAGE)[1].tobytes()
SAID = {
    '/a.png': PNG,
    '/cut.png': PNG[:-40],
    '/text.png': b'<html>sign in</html>',
    '/empty.png': b'',
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        path = self.path.partition('?')[0]
        content = SAID.get(path, PNG)
        self.send_response(404 if path == '/none.png' else 200)
        more = 100 if path == '/dropped.png' else 0
        self.send_header('Content-Length', str(len(content) + more))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture(scope='module')
def server():
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1')


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('https://host/a.JPG', True),
        ('http://host/a.png?key=[1]', True),
        ('http://host/stream', False),
        ('rtsp://host/a.jpg', False),
        ('http://[host/a.jpg', False),
        ('a.jpg', False),
        (3, False),
    ],
)
def test_urls_of_images(source, expected):
    assert is_image_url(source) == expected


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('none.png', 'cannot be downloaded: the server answered 404 Not Found'),
        ('cut.png', 'found an unreadable or truncated image'),
        ('text.png', 'found no picture in its 20 bytes'),
        ('empty.png', 'found no picture in its 0 bytes'),
        ('dropped.png', 'cannot be downloaded: '),
    ],
)
def test_what_is_wrong_is_said(server, path, message):
    url = f'{server}/{path}'
    with pytest.raises(InputError, match=f'^{url}: {message}') as error:
        read_url(url, LoadAnyDepthImage())
    assert '\n' not in str(error.value)


def test_servers_that_are_not_there(monkeypatch):
    monkeypatch.setattr(download, 'TIMEOUT', 0.2)
    with socket.socket() as silent:
        silent.bind(('127.0.0.1', 0))
        url = f'http://127.0.0.1:{silent.getsockname()[1]}/a.png'
        with pytest.raises(InputError, match='cannot be downloaded: .*refused'):
            read_url(url, LoadAnyDepthImage())
        silent.listen()
        with pytest.raises(InputError, match=r'downloaded: no answer within 0\.2 s'):
            read_url(url, LoadAnyDepthImage())


def test_nothing_is_kept(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (frame,) = open_frames(f'{server}/a.png?size=1')
    assert np.array_equal(frame.image, IMAGE)
    assert frame.name == f'{server}/a.png?size=1'
    assert list(tmp_path.iterdir()) == []


def test_inspect(server, tmp_path, capsys):
    config = write_tiny_config(tmp_path)
    weights = random_weights(config, tmp_path / 'tiny.pth')
    cv2.imwrite(str(tmp_path / 'b.png'), IMAGE)
    urls = [f'{server}/a.png', f'{server}/none.png?size=[1]', str(tmp_path / 'b.png')]
    found = list(Inspector(str(config), weights, 'cpu')(urls))
    assert [each.verdict for each in found] == ['pass', 'unreadable', 'pass']
    assert found[0].scores == pytest.approx(found[2].scores)

    command = ['inspect', *urls[:2], '--model', str(config), '--weights', weights]
    with pytest.raises(SystemExit) as end:
        main([*command, '--out-dir', str(tmp_path / 'out'), '--device', 'cpu'])
    assert end.value.code == 1
    assert 'the server answered 404' in capsys.readouterr().out
    assert (tmp_path / 'out/pictures/a.jpg').is_file()
