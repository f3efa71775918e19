# Copyright (c) mmacnn authors. All rights reserved.
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ..testing.mjpeg import mjpeg_camera

RUNNER = Path(__file__).parents[2] / 'runner'
BLUE, RED = (250, 20, 10), (10, 20, 250)  # BGR


def frame(colour, size=(12, 24)):
    return np.full((*size, 3), colour, dtype=np.uint8)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, RUNNER / 'run.py', *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_python_3_6_can_run_it():
    """The board of JetPack 4.6 has no newer one."""
    vermin = 'import vermin; vermin.main()'  # knows what came with which Python
    folders = [RUNNER, RUNNER / 'line']  # a link, which is not followed
    command = [sys.executable, '-c', vermin, '-t=3.6-', '--violations', *folders]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len([each for top in folders for each in top.rglob('*.py')]) >= 25


def test_a_copy_in_the_model_folder_is_complete(tmp_path):
    deploy = run_path(str(RUNNER.parent / 'tools/deploy.py'))
    assert str(tmp_path) in deploy['add_runner'](str(tmp_path))
    copy = tmp_path / 'runner'
    assert not any(path.is_symlink() for path in copy.rglob('*'))
    program = [sys.executable, copy / 'run.py', tmp_path, tmp_path]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path)
    assert 'expected a folder that tools/deploy.py wrote' in done.stderr
    shutil.rmtree(copy / 'line')
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and 'a link that was not followed' in done.stderr


def test_it_imports_what_jetpack_carries_alone():
    code = """
import sys
missing = 'mmacnn', 'torch', 'mmengine', 'onnxruntime', 'httpx', 'paho'
sys.modules.update(dict.fromkeys(missing))
import run
"""
    subprocess.run([sys.executable, '-c', code], check=True, cwd=RUNNER)


def test_a_header_that_claims_more_than_the_memory(make_folder, tmp_path):
    huge = tmp_path / 'huge.ppm'
    huge.write_bytes(b'P6 30000 30000 255\n' + bytes(99))
    done = run(make_folder('box'), huge, '--backend', 'onnxruntime')
    assert done.returncode == 1
    assert f'{huge}: not a readable image' in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_folder_of_images(make_folder, tmp_path):
    images, pictures = tmp_path / 'images', tmp_path / 'pictures'
    images.mkdir()
    cv2.imwrite(str(images / 'b.png'), frame(RED))
    cv2.imwrite(str(images / 'a.png'), frame(BLUE))
    (images / 'c.png').write_text('not an image')
    common = (make_folder('box'), images, '--backend', 'onnxruntime')

    results = tmp_path / 'results.jsonl'
    done = run(
        *(*common, '--results', results, '--pictures', pictures),
        *('--accept', 'third', 'second', '--min-score', 0.5),
    )

    assert done.returncode == 1
    unreadable = f'{images / "c.png"}: not a readable image'
    assert done.stderr == f'{unreadable}\n'
    first, *table = done.stdout.splitlines()
    assert first.startswith('3 frames (1 pass, 1 fail, 1 unreadable), ')
    stages = [line.split()[0] for line in table]
    assert stages == ['ms', 'read', 'predict', 'prepare', 'network', 'decode']
    records = [json.loads(line) for line in results.read_text().splitlines()]
    assert [record['class_name'] for record in records] == ['third', 'first', '']
    assert [record['verdict'] for record in records] == ['pass', 'fail', 'unreadable']
    assert [record['source'] for record in records] == [
        str(images / f'{name}.png') for name in 'abc'
    ]
    assert records[0]['roi'] == [3, 4, 15, 8]
    assert records[0]['milliseconds']['network'] > 0
    assert (records[2]['error'], records[2]['score']) == (unreadable, None)
    names = sorted(path.name for path in pictures.iterdir())
    assert names == ['000000_a.png.jpg', '000001_b.png.jpg']
    assert [each['picture'] for each in records] == [
        *(str(pictures / name) for name in names),
        '',
    ]


def test_several_images_by_the_light_command(make_folder, tmp_path):
    """``mmacnn-inspect`` imports nothing of the training stack."""
    for name, colour in (('b.png', BLUE), ('a.png', RED)):
        cv2.imwrite(str(tmp_path / name), frame(colour))
    training = ('matplotlib', 'mmcv', 'mmengine', 'scipy', 'torch')
    code = f"""
import sys
sys.modules.update(dict.fromkeys({training}))
import mmacnn_inspect
sys.exit(mmacnn_inspect.main())
"""
    results = tmp_path / 'results.jsonl'
    images = [str(tmp_path / name) for name in ('b.png', 'a.png')]
    arguments = [make_folder('box'), *images, '--results', str(results)]
    program = [sys.executable, '-c', code, *arguments]
    done = subprocess.run(program, capture_output=True, text=True, cwd=RUNNER.parent)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in results.read_text().splitlines()]
    assert [record['source'] for record in records] == images
    assert [record['class_name'] for record in records] == ['third', 'first']


def test_a_video_to_csv(make_folder, tmp_path):
    video, results = tmp_path / 'video.avi', tmp_path / 'results.csv'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    for _ in range(4):
        writer.write(frame(RED, (48, 64)))
    writer.release()
    if not video.is_file():
        pytest.skip('this OpenCV writes no video')

    done = run(
        *(make_folder('detector'), video, '--backend', 'onnxruntime'),
        *('--results', results, '--max-frames', 3),
    )

    assert done.returncode == 0, done.stderr
    with results.open() as file:
        records = list(csv.DictReader(file))
    assert [record['source'] for record in records] == [
        f'{video}#{number}' for number in range(3)
    ]
    assert {record['class_name'] for record in records} == {'first'}
    assert {record['num_detections'] for record in records} == {'1'}
    assert {record['box'] for record in records} == {'8.0 4.0 40.0 24.0'}
    assert {record['roi'] for record in records} == {''}


def test_prompt_regions_of_the_command_line(make_folder, tmp_path):
    image, mask = tmp_path / 'image.png', tmp_path / 'mask.png'
    pixels = frame(RED)
    pixels[:, 12:] = BLUE
    cv2.imwrite(str(image), pixels)
    cv2.imwrite(str(mask), np.uint8([[255] * 4 + [0] * 20] * 12))
    results = tmp_path / 'results.jsonl'
    done = run(
        *(make_folder('regions'), image, '--backend', 'onnxruntime'),
        *('--box', '0,0,12,12', '12,0,12,12', '--polygon', '12,0,24,0,24,12'),
        *('--mask', mask, '--results', results, '--accept', 'third'),
    )
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, results.read_text().splitlines())
    assert record['verdict'] == 'fail'
    assert [each['class_name'] for each in record['detections']] == [
        *('first', 'first', 'third', 'third')
    ]
    assert record['detections'][2]['box'] == [12, 0, 24, 12]


def test_the_log_is_read_as_that_of_a_workstation():
    """The fields of the Inspector's results, and a few more."""
    from runner.results import Detection, Result

    from mmacnn.inference import result as workstation

    detection = ((1.0, 2.0, 3.0, 4.0), 'scratch', 0.5, 1, 0.25, True)
    fields = dict(roi=(0.0, 1.0, 2.0, 3.0), anomaly_score=2.5, label=1, score=0.5)
    times = dict(read=1.0, predict=2.0)
    theirs = workstation.InspectionResult(
        *('a.png', 'fail'),
        detections=(workstation.Detection(*detection),),
        milliseconds=times,
        **fields,
    )
    ours = Result(
        *('a.png', 'fail'),
        detections=(Detection(*detection),),
        milliseconds=times,
        **fields,
    )
    row = ours.to_row()
    assert ours.to_dict().items() >= theirs.to_dict().items()
    assert row.items() >= theirs.to_row().items()
    extra = {'time', 'prepare_ms', 'network_ms', 'decode_ms'}
    assert row.keys() - theirs.to_row().keys() == extra


def test_a_camera_that_is_lost_and_back(make_folder, tmp_path):
    """The age of each frame is in the results, an outage is one of them."""
    results = tmp_path / 'results.csv'
    with mjpeg_camera() as camera:
        url = f'http://user:secret@127.0.0.1:{camera.server_address[1]}/live'
        camera.cut_at = 50  # frames that it served, when the program surely reads
        done = run(
            *(make_folder('classifier'), url, '--backend', 'onnxruntime'),
            *('--results', results, '--max-frames', 250, '--trigger', 'every:0.03'),
        )
    assert done.returncode == 1, done.stderr
    with results.open() as file:
        records = list(csv.DictReader(file))
    lost = [each for each in records if each['error']]
    assert 'lost, trying again' in lost[0]['error']
    assert {each['verdict'] for each in lost} == {'unreadable'}
    assert not records[-1]['error'] and 0 <= float(records[-1]['age_ms']) < 100
    assert 'secret' not in results.read_text() + done.stderr


def test_the_command_for_a_csi_camera(monkeypatch):
    from line import cameras

    opened = []
    camera = SimpleNamespace(isOpened=lambda: True)
    monkeypatch.setattr(
        cameras.cv2, 'VideoCapture', lambda *args: opened.append(args) or camera
    )
    assert cameras.open_camera('csi:1', cameras.Mode(1280, 720, 60, 2)) is camera
    ((pipeline, api),) = opened
    assert api == cv2.CAP_GSTREAMER
    elements = [each.strip() for each in pipeline.split('!')]
    assert elements[:3] == [
        'nvarguscamerasrc sensor-id=1',
        'video/x-raw(memory:NVMM), width=(int)1280, height=(int)720, '
        'framerate=(fraction)60/1',
        'nvvidconv flip-method=2',
    ]


def test_drift_is_calibrated_and_watched(make_folder, tmp_path):
    """With files of a folder; the alarm is on the terminal and in the sinks."""
    model, images = make_folder('classifier'), tmp_path / 'images'
    common = (model, images, '--backend', 'onnxruntime')
    rng = np.random.default_rng(0)
    for brightness in (100, 60):
        shutil.rmtree(images, ignore_errors=True)
        images.mkdir()
        for number in range(220):
            pixels = rng.normal(brightness + rng.normal(0, 3), 9, (12, 24, 3))
            cv2.imwrite(str(images / f'{number}.png'), pixels.clip(0, 255))
        if brightness == 100:
            done = run(*common, '--calibrate-drift')
            assert done.returncode == 0, done.stderr
            assert Path(model, 'drift.json').is_file()
        watched = run(*common, '--sink', f'folders:{tmp_path / "kept"}')
        assert watched.returncode == 0, watched.stderr
        assert ('drift: brightness has changed' in watched.stderr) == (brightness == 60)
    assert len(list((tmp_path / 'kept').rglob('*.jpg'))) == 440
    Path(model, 'drift.json').write_text('{"": 1}')
    done = run(*common)
    assert done.returncode == 2
    assert 'drift.json: damaged reference of drift' in done.stderr


MISTAKES = {
    'no folder': ('nowhere', 'images', [], 'detail.json: expected a folder that'),
    'damaged': ('damaged', 'images', [], 'damaged, or not written by tools/deploy.py'),
    'another layout': (
        *('older', 'images', []),
        'older: written by another version of mmacnn (layout 1, expected 2): export it '
        'again with tools/deploy.py',
    ),
    'no layout': ('oldest', 'images', [], 'mmacnn (layout unknown, expected 2)'),
    'no outputs': ('bare outputs', 'images', [], 'expected one of scores, label, '),
    'another network': ('renamed', 'images', [], 'found no output out, of which'),
    'no class': ('good', 'images', ['--accept=best'], 'classes: first, second, third'),
    'regions': ('good', 'images', ['--box=1,1,2,2'], 'takes no prompt regions'),
    'no regions': ('regions', 'images', [], 'the model takes prompt regions'),
    'an empty box': (
        *('regions', 'images', ['--box=1,1,0,2']),
        '--box: found 1,1,0,2, expected x,y,width,height',
    ),
    'a far box': (
        *('regions', 'images', ['--box=500,1,9,9']),
        '--box 500,1,9,9: expected coordinates on the 24x12 image',
    ),
    'a box outside': (
        *('regions', 'images', ['--box=24,1,9,9']),
        '--box 24,1,9,9: found an empty region',
    ),
    'two corners': (
        *('regions', 'images', ['--polygon=1,1,9,9']),
        '--polygon: found 1,1,9,9, expected three or more corners',
    ),
    'no mask': ('regions', 'images', ['--mask=no.png'], 'no.png: no such mask'),
    'a mask of text': (
        *('regions', 'images', ['--mask=mine.csv']),
        'mine.csv: not a readable image',
    ),
    'a small mask': (
        *('regions', 'images', ['--mask=small.png']),
        'small.png: found a mask of 6x5 pixels, expected 24x12 as the image',
    ),
    'a photograph': (
        *('regions', 'images', ['--mask=images/1.png']),
        'found colours, expected a mask of two values',
    ),
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
    good = Path(make_folder('classifier')).rename(tmp_path / 'good')
    detail = (good / 'detail.json').read_text()
    for name, content in (
        ('damaged', detail[:-20]),
        ('older', detail.replace('"format": 2', '"format": 1')),
        ('oldest', detail.replace('"format": 2, ', '')),
        ('bare outputs', detail.replace('"role": "scores"', '"role": "crop"')),
        ('renamed', detail.replace('"output"', '"out"')),
        ('bare', detail),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'detail.json').write_text(content)
    shutil.copy(good / 'end2end.onnx', tmp_path / 'renamed')
    make_folder('regions')
    cv2.imwrite(str(tmp_path / 'small.png'), np.ones((5, 6), np.uint8))
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
    """A line that names the file, atomic writes, and no end in close."""
    from runner.errors import UserError
    from runner.results import Result
    from runner.sinks import PictureFolder, ResultFile

    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    result = Result('a.png', 'pass', 0, 'good', 0.9)
    lines = ResultFile(str(tmp_path / 'lines.csv'))
    pictures = PictureFolder(str(tmp_path / 'pictures'))
    with full_disk(200):
        with pytest.raises(UserError, match='a.png.jpg: File too large'):
            pictures.write('a.png', noise)
        with pytest.raises(UserError, match='lines.csv: File too large'):
            for _ in range(9):
                lines.write(result)
        lines.close()
    assert not list((tmp_path / 'pictures').iterdir())
    pictures.write('a.png', noise)
    assert [path.suffix for path in (tmp_path / 'pictures').iterdir()] == ['.jpg']


def test_tiles(make_folder, tmp_path):
    image, results = frame(RED, (40, 70)), tmp_path / 'results.jsonl'
    image[30:, 60:] = BLUE  # in the corner that the last tile shows
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    options = '--tile', 32, '--record', tmp_path / 'record', '--results', results
    done = run(
        make_folder('cam'), tmp_path / 'a.png', '--backend', 'onnxruntime', *options
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(results.read_text())['detections']
    left, top, right, bottom = found['box']
    assert 50 < left < 66 and 22 < top < 36 and (right, bottom) == (70, 40)
