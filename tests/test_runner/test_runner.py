# Copyright (c) mmacnn authors. All rights reserved.
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.models import ClsDataPreprocessor

JETSON = Path(__file__).parents[2] / 'runner'
BLUE, RED = (250, 20, 10), (10, 20, 250)  # BGR
# Softmax of the normalised blue, by hand: its channels as RGB are (10, 20, 250).
BLUE_RGB = (np.array([10, 20, 250]) - [100, 110, 120]) / [50, 60, 70]
BLUE_SCORE = np.exp(BLUE_RGB[2]) / np.exp(BLUE_RGB).sum()


def frame(colour, size=(12, 24)):
    return np.full((*size, 3), colour, dtype=np.uint8)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, JETSON / 'run.py', *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_python_3_6_can_run_it():
    """The board of JetPack 4.6 has no newer one."""
    vermin = 'import vermin; vermin.main()'  # knows what came with which Python
    command = [sys.executable, '-c', vermin, '-t=3.6-', '--violations', JETSON]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(list(JETSON.rglob('*.py'))) >= 9


def test_it_imports_what_jetpack_carries_alone():
    code = """
import sys
sys.modules.update(dict.fromkeys(('mmacnn', 'torch', 'mmengine', 'onnxruntime')))
import run
"""
    subprocess.run([sys.executable, '-c', code], check=True, cwd=JETSON)


@pytest.mark.parametrize('size', [(6, 8), (480, 640), (7, 31)])
def test_frames_are_prepared_as_in_the_test_pipeline(make_folder, size):
    from runner.model_folder import ModelFolder

    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    array = ModelFolder(make_folder('classification')).prepare(image)

    preprocessor = ClsDataPreprocessor(
        mean=[100, 110, 120], std=[50, 60, 70], to_rgb=True
    )
    resized = torch.from_numpy(cv2.resize(image, (8, 6)).transpose(2, 0, 1))
    expected = preprocessor(dict(inputs=resized[None]))['inputs'].numpy()
    np.testing.assert_allclose(array, expected, rtol=0, atol=1e-6)
    assert array.flags.c_contiguous


@pytest.mark.parametrize(
    ('contract', 'label', 'score', 'roi'),
    [
        ('classification', 2, BLUE_SCORE, None),
        ('detection', 2, BLUE_SCORE, (3, 4, 15, 8)),
        ('full', 0, 1, (-3, 4, 9, 8)),  # takes frames: blue comes first
    ],
)
def test_contracts(make_folder, contract, label, score, roi):
    from runner.backends import BACKENDS
    from runner.model_folder import ModelFolder

    model = ModelFolder(make_folder(contract))
    backend = BACKENDS['onnxruntime'](model)
    image = frame(BLUE)
    result = model.decode(backend.run(model.prepare(image)), image.shape)
    assert result[:2] == (label, ('first', 'second', 'third')[label])
    assert result.score == pytest.approx(score, abs=1e-5)
    assert result.roi == roi


def test_a_header_that_claims_more_than_the_memory(make_folder, tmp_path):
    huge = tmp_path / 'huge.ppm'
    huge.write_bytes(b'P6 30000 30000 255\n' + bytes(99))
    done = run(make_folder('detection'), huge, '--backend', 'onnxruntime')
    assert done.returncode == 1
    assert f'{huge}: not a readable image' in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_folder_of_images(make_folder, tmp_path):
    images, pictures = tmp_path / 'images', tmp_path / 'pictures'
    images.mkdir()
    cv2.imwrite(str(images / 'b.png'), frame(RED))
    cv2.imwrite(str(images / 'a.png'), frame(BLUE))
    (images / 'c.png').write_text('not an image')
    common = (make_folder('detection'), images, '--backend', 'onnxruntime')

    results = tmp_path / 'results.jsonl'
    done = run(*common, '--results', results, '--pictures', pictures)

    assert done.returncode == 1
    assert done.stderr == f'{images / "c.png"}: not a readable image\n'
    assert done.stdout.startswith('2 frames, ')
    stages = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert stages == ['ms', 'prepare', 'network', 'decode', 'total']
    records = [json.loads(line) for line in results.read_text().splitlines()]
    assert [record['class'] for record in records] == ['third', 'first']
    assert [record['frame'] for record in records] == [
        str(images / 'a.png'),
        str(images / 'b.png'),
    ]
    assert records[0]['roi_x1'] == 15 and records[0]['network_ms'] > 0
    names = sorted(path.name for path in pictures.iterdir())
    assert names == ['000000_a.png.jpg', '000001_b.png.jpg']
    picture = cv2.imread(str(pictures / names[0])).astype(int)
    assert picture[4, 3, 1] > picture[11, 20, 1] + 60  # the region's corner is green


def test_a_video_to_csv(make_folder, tmp_path):
    video, results = tmp_path / 'video.avi', tmp_path / 'results.csv'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    for _ in range(4):
        writer.write(frame(RED, (48, 64)))
    writer.release()
    if not video.is_file():
        pytest.skip('this OpenCV writes no video')

    done = run(
        *(make_folder('classification'), video, '--backend', 'onnxruntime'),
        *('--results', results, '--max-frames', 3),
    )

    assert done.returncode == 0, done.stderr
    with results.open() as file:
        records = list(csv.DictReader(file))
    assert [record['frame'] for record in records] == [
        f'{video}#{number}' for number in range(3)
    ]
    assert {record['class'] for record in records} == {'first'}
    assert {record['roi_x0'] for record in records} == {''}


class Camera:
    """Gives frames and gaps as told, then nothing, as a camera without its cable."""

    def __init__(self, *frames):
        self.frames = list(frames)

    def isOpened(self):  # noqa: N802, as OpenCV calls it
        return True

    def read(self):
        image = self.frames.pop(0) if self.frames else None
        return image is not None, image

    def release(self):
        self.frames = None


def test_a_camera_that_is_pulled_out():
    from runner.errors import UserError
    from runner.sources import Capture

    image = frame(RED)
    camera = Capture(Camera(image, None, image), 'camera 0', 'look', is_live=True)
    seen = []
    with pytest.raises(UserError, match='^camera 0: no more frame: look$'):
        for name, _ in camera:
            seen.append(name)
    assert seen == ['camera 0#0', 'camera 0#1']
    camera.close()


def test_the_command_for_a_csi_camera(monkeypatch):
    from runner import sources

    opened = []

    def capture(*arguments):
        opened.append(arguments)
        return Camera()

    monkeypatch.setattr(sources.cv2, 'VideoCapture', capture)
    sources.open_source('csi:1', 1280, 720, 60, 2)
    ((pipeline, api),) = opened
    assert api == cv2.CAP_GSTREAMER
    elements = [each.strip() for each in pipeline.split('!')]
    assert elements[:3] == [
        'nvarguscamerasrc sensor-id=1',
        'video/x-raw(memory:NVMM), width=(int)1280, height=(int)720, '
        'framerate=(fraction)60/1',
        'nvvidconv flip-method=2',
    ]


MISTAKES = {
    'no folder': ('nowhere', 'images', [], 'detail.json: expected a folder that'),
    'damaged': ('damaged', 'images', [], 'damaged, or not written by tools/deploy.py'),
    'plain': ('plain', 'images', [], 'expected a contract of classification, '),
    'no source': ('good', 'nowhere', [], 'nowhere: no such folder, image or video'),
    'empty source': ('good', 'empty', [], 'empty: no images in this folder'),
    'not a video': ('good', 'detail.json', [], 'cannot be opened: is it a video?'),
    'no engine': (
        'good',
        'images',
        ['--backend=tensorrt'],
        "TensorRT's Python package",
    ),
    'no network': ('bare', 'images', [], 'end2end.onnx: no such file'),
    'results': ('good', 'images', ['--results=r.txt'], 'ending in .csv or .jsonl'),
    'overwrite': ('good', 'images', ['--results=mine.csv'], 'mine.csv: File exists'),
    'pictures': ('good', 'images', ['--pictures=images'], 'a new or empty folder'),
    'no screen': ('good', 'images', ['--show'], '--show: no screen'),
}


@pytest.mark.parametrize('mistake', MISTAKES)
def test_a_mistake_is_one_line(make_folder, tmp_path, monkeypatch, capfd, mistake):
    import run as program

    model, source, options, message = MISTAKES[mistake]
    good = Path(make_folder('classification')).rename(tmp_path / 'good')
    detail = (good / 'detail.json').read_text()
    for name, content in (
        ('damaged', detail[:-20]),
        ('plain', detail.replace('"classification"', 'null')),
        ('bare', detail),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'detail.json').write_text(content)
    (tmp_path / 'detail.json').write_text(detail)
    for name in ('images', 'empty'):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / 'images' / '1.png'), frame(RED))
    (tmp_path / 'mine.csv').write_text('mine')
    monkeypatch.chdir(tmp_path)
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    arguments = ['run.py', model, source, '--backend=onnxruntime', *options]
    monkeypatch.setattr(sys, 'argv', arguments)

    assert program.main() == 2

    errors = [line for line in capfd.readouterr().err.splitlines() if line[:1] != '[']
    assert len(errors) == 1 and errors[0].startswith('error: ')
    assert message in errors[0]
    assert (tmp_path / 'mine.csv').read_text() == 'mine'


def test_full_disk(tmp_path, full_disk):
    """A line that names the file, pictures whole or not at all, and no end in close."""
    from runner.errors import UserError
    from runner.model_folder import Result
    from runner.sinks import PictureFolder, ResultFile
    from runner.statistics import Times

    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    written = noise, 'a.png', Result(0, 'good', 0.9, None), Times(0.1, 0.1, 0.1)
    lines = ResultFile(str(tmp_path / 'lines.csv'))
    pictures = PictureFolder(str(tmp_path / 'pictures'))
    with full_disk(200):
        with pytest.raises(UserError, match='a.png.jpg: File too large'):
            pictures.write(*written)
        with pytest.raises(UserError, match='lines.csv: File too large'):
            for _ in range(9):
                lines.write(*written)
        lines.close()
    assert not list((tmp_path / 'pictures').iterdir())
    pictures.write(*written)
    assert [path.suffix for path in (tmp_path / 'pictures').iterdir()] == ['.jpg']
