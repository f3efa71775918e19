# Copyright (c) mmacnn authors. All rights reserved.
"""Cameras that drop out, by stand-ins; benchmarks/line_soak.py has a real server."""

import os
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mmacnn.line import cameras, streams
from mmacnn.line.errors import LineError
from mmacnn.line.names import camera_name
from mmacnn.line.streams import Streams

from ..testing.mjpeg import mjpeg_camera

FRAME_SECONDS = 0.01


class Camera:
    """A stand-in for cv2.VideoCapture: a frame each 10 ms, its number in each pixel."""

    def __init__(self, world):
        self.world, self.is_dead = world, False
        world.opened += 1

    def read(self):
        time.sleep(FRAME_SECONDS)
        world = self.world
        if world.hangs:
            world.released.wait(20)
        if world.is_cut or self.is_dead:
            self.is_dead = True  # it never comes back by itself
            return False, None
        if not world.has_frames:
            return False, None
        world.number += 1
        return True, np.full((*world.size, 3), world.number % 256, np.uint8)

    def release(self):
        self.world.closed += 1


@pytest.fixture
def world(monkeypatch):
    """What happens to the cameras."""
    state = SimpleNamespace(
        is_cut=False,
        hangs=False,
        has_frames=True,
        size=(4, 6),
        number=0,
        opened=0,
        closed=0,
        released=threading.Event(),
    )

    def open_camera(source, mode):
        if state.is_cut or source in getattr(state, 'missing', ()):
            raise LineError(f'camera {source}: cannot be opened: is it plugged in?')
        return Camera(state)

    monkeypatch.setattr(streams, 'open_camera', open_camera)
    monkeypatch.setattr(streams, 'FIRST_PAUSE', 0.05)
    yield state
    state.released.set()


@pytest.fixture
def opened():
    """Opens streams and closes them at the end."""
    kept = []

    def open_streams(*sources, **settings):
        kept.append(Streams(sources or ['0'], **{'stall': 0.3, **settings}))
        return kept[-1], iter(kept[-1])

    yield open_streams
    for each in kept:
        each.close()


def next_error(frames):
    """The next frame that is none; those before it."""
    before = []
    while not (frame := next(frames)).error:
        before.append(frame)
    return frame, before


def test_a_slow_model_gets_the_newest_frame(world, opened):
    _, frames = opened()
    numbers, ages = [], []
    for _ in range(5):
        frame = next(frames)
        ages.append(time.monotonic() - frame.arrived)
        numbers.append(int(frame.name.rpartition('#')[2]))
        assert frame.image[0, 0, 0] == (numbers[-1] + 1) % 256
        time.sleep(10 * FRAME_SECONDS)  # the model
    assert np.median(ages) < 2 * FRAME_SECONDS
    assert np.diff(numbers).min() >= 3  # the others were dropped


def test_a_camera_that_is_pulled_out_and_plugged_in(world, opened, capfd):
    _, frames = opened()
    assert next(frames).name.startswith('camera 0#')
    world.is_cut = True
    lost, _ = next_error(frames)
    assert lost.image is None
    assert lost.error.startswith('camera 0: lost, trying again: is it plugged in')
    threading.Timer(0.5, setattr, (world, 'is_cut', False)).start()
    back = next(frames)  # one report an outage, however often it is tried
    assert not back.error
    assert time.monotonic() - back.arrived < 5 * FRAME_SECONDS
    assert world.closed == world.opened - 1
    err = capfd.readouterr().err
    assert err.count('trying again') == 1 and 'camera 0: back after' in err


def test_a_read_that_never_returns(world, opened, monkeypatch):
    """Each try leaves a thread behind; before there are too many, the program ends."""
    monkeypatch.setattr(streams, 'OPENING_SECONDS', 0.3)
    monkeypatch.setattr(streams, 'CLOSING_SECONDS', 0.1)
    _, frames = opened()
    next(frames)
    world.hangs = True
    lost, _ = next_error(frames)
    assert 'lost' in lost.error
    world.hangs = False
    assert not next(frames).error  # in a new thread
    world.hangs = True
    monkeypatch.setattr(streams, 'STUCK_THREADS', 1)
    with pytest.raises(LineError, match='camera 0: its driver hangs: start the'):
        next_error(frames)
        next_error(frames)


def test_another_resolution(world, opened):
    _, frames = opened()
    assert next(frames).image.shape == (4, 6, 3)
    world.size = (8, 10)
    shapes = [next(frames).image.shape for _ in range(3)]
    assert shapes[-1] == (8, 10, 3)


def test_several_cameras_in_turn(world, opened):
    world.missing = ['2']
    _, frames = opened('0', '1', '2')
    seen = [next(frames) for _ in range(9)]
    names = [each.name.partition('#')[0] for each in seen]
    assert min(map(names.count, ('camera 0', 'camera 1'))) >= 3
    assert [each.error for each in seen if each.error] == [
        'camera 2: lost, trying again: ' + cameras.hint('2')
    ]
    world.missing = []
    end = time.monotonic() + 5
    while not next(frames).name.startswith('camera 2#'):
        assert time.monotonic() < end


def test_no_camera_at_all(world):
    world.missing = ['0', '1']
    with pytest.raises(LineError, match='camera 0: cannot be opened: is it plugged in'):
        Streams(['0', '1'])


def send(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b'part', ('127.0.0.1', port))


def test_a_trigger_takes_the_next_frame(world, opened):
    """Also where the triggers come faster than the model works."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    _, frames = opened('0', '1', trigger=f'udp:{port}')
    fired = []
    for _ in range(3):
        fired.append(time.monotonic())
        send(port)
        time.sleep(0.05)
    time.sleep(0.2)  # the model
    arrived = {}
    for frame in (next(frames) for _ in range(6)):
        arrived.setdefault(frame.name[:8], []).append(frame.arrived)
    assert set(arrived) == {'camera 0', 'camera 1'}
    for times in arrived.values():
        assert all(0 < t - at < 0.045 for t, at in zip(times, fired, strict=True))
    world.has_frames = False
    send(port)
    problem, _ = next_error(frames)
    assert 'no frame within 0.3 s of the trigger' in problem.error or (
        'lost' in problem.error
    )


def test_a_camera_that_is_triggered_itself_may_be_silent(world, opened):
    """No outage is reported, and no frame is dropped before 32 wait."""
    world.has_frames = False
    live, frames = opened(trigger='camera')
    time.sleep(0.5)
    world.has_frames = True
    time.sleep(15 * FRAME_SECONDS)
    world.has_frames = False
    seen = world.number
    assert [next(frames).name for _ in range(seen)] == [
        f'camera 0#{i}' for i in range(seen)
    ]
    world.has_frames = True
    time.sleep(60 * FRAME_SECONDS)
    assert 'triggered frames came too fast' in next(frames).error


def test_a_clock_ends_with_its_events(world, opened, monkeypatch):
    monkeypatch.setattr('sys.stdin', iter(['1\n', '2\n']))
    _, frames = opened(trigger='stdin')
    assert len(list(frames)) == 2


def test_passwords_are_not_in_names():
    assert camera_name('rtsp://me:s@cret@host:554/a?b=c@d') == (
        'rtsp://host:554/a?b=c@d'
    )
    assert camera_name('http://[host/a') == 'http://[host/a'


def test_gige_without_its_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, 'harvesters.core', None)
    with pytest.raises(LineError, match='^gige:0: needs a package.*harvesters$'):
        cameras.open_camera('gige:0')


def test_a_genicam_camera(opened, monkeypatch):
    """The producer of simulated cameras that comes with the package genicam."""
    genicam = pytest.importorskip('genicam', reason='harvesters is not installed')
    pytest.importorskip('harvesters.core', reason='harvesters is not installed')
    folder = Path(genicam.__file__).parent
    if not list(folder.glob('*.cti')):
        pytest.skip('this genicam has no simulated cameras')
    monkeypatch.setenv('GENICAM_GENTL64_PATH', str(folder))
    _, frames = opened('gige:0', stall=5.0)
    first, second = next(frames), next(frames)
    assert not second.error and first.image.ndim == 3 and first.image.any()
    with pytest.raises(LineError, match='gige:none: cannot be opened'):
        cameras.open_camera('gige:none')


def test_a_network_camera_that_is_cut(opened):
    """The real way through OpenCV; it comes back with another size."""
    with mjpeg_camera() as camera:
        url = f'http://127.0.0.1:{camera.server_address[1]}/live'
        _, frames = opened(url, stall=3.0)
        first = next(frames)
        assert first.image.shape == (48, 64, 3)
        camera.is_cut = True
        lost = next_error(frames)[0].error
        assert lost == f'{url}: lost, trying again: can it be reached?'
        camera.is_cut, camera.size = False, (96, 128)
        assert next(frames).image.shape == (96, 128, 3)


def test_a_camera_leaves_later_videos_whole(monkeypatch):
    """What it asks of FFmpeg would take a video's last frame."""
    monkeypatch.delenv('OPENCV_FFMPEG_CAPTURE_OPTIONS', raising=False)
    with mjpeg_camera() as camera:
        url = f'http://127.0.0.1:{camera.server_address[1]}/live'
        cameras.open_camera(url).release()
    assert 'OPENCV_FFMPEG_CAPTURE_OPTIONS' not in os.environ
