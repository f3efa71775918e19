# Copyright (c) mmacnn authors. All rights reserved.
"""The Inspector with cameras, sinks and drift, with a tiny untrained model."""

import shutil

import cv2
import numpy as np
import pytest
import torch

from mmacnn.cli.command_line import main
from mmacnn.inference import Inspector
from mmacnn.utils import InputError

from ..test_inference.test_classification import CLASSES, acnn_config, save_weights
from ..testing.mjpeg import mjpeg_camera


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Config file and weights of a tiny A-CNN."""
    folder = tmp_path_factory.mktemp('model')
    config = acnn_config()
    config.dump(folder / 'tiny.py')
    meta = dict(dataset_meta=dict(classes=CLASSES))
    return str(folder / 'tiny.py'), save_weights(config, folder / 'tiny.pth', meta)


def test_two_cameras_one_of_which_is_lost(model, tmp_path):
    inspector = Inspector(*model, device='cpu')
    with mjpeg_camera() as one, mjpeg_camera() as other:
        ports = [camera.server_address[1] for camera in (one, other)]
        urls = [f'http://127.0.0.1:{port}/live' for port in ports]
        results = inspector(urls, stall=2.0, out_dir=str(tmp_path / 'out'))
        seen = [next(results) for _ in range(6)]
        other.is_cut = True
        while not (result := next(results)).error:
            pass
        assert result.source.startswith(urls[1]) and result.verdict == 'unreadable'
        assert next(results).source.startswith(urls[0])
        results.close()
    assert {each.source.partition('#')[0] for each in seen} == set(urls)
    assert all(0 <= each.milliseconds['age'] < 1000 for each in seen)
    assert len({each.picture for each in seen}) == 6


def test_drift_goes_with_the_checkpoint(model, tmp_path, capfd):
    """Calibrated on files by one run, watched by the next, told to the sinks."""
    config, weights = model
    images, calibrated = tmp_path / 'images', str(tmp_path / 'calibrated.pth')
    command = ['inspect', str(images), '--model', config, '--device', 'cpu']
    rng = np.random.default_rng(0)
    for brightness in (120, 80):
        shutil.rmtree(images, ignore_errors=True)
        images.mkdir()
        for number in range(200):
            pixels = rng.normal(brightness + rng.normal(0, 3), 9, (24, 32, 3))
            cv2.imwrite(str(images / f'{number}.png'), pixels.clip(0, 255))
        if brightness == 120:
            main([*command, '--weights', weights, '--calibrate-drift', calibrated])
            assert '(200 of files)' in capfd.readouterr().out
            facts = torch.load(calibrated, weights_only=True)['meta']['drift']
            assert {'score', 'brightness', 'roi_x'} <= set(facts['']['signals'])
    sink = f'folders:{tmp_path / "kept"}'
    main([*command, '--weights', calibrated, '--sink', sink])
    assert len(list((tmp_path / 'kept').rglob('*.jpg'))) == 200
    assert 'drift: brightness has changed' in capfd.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['0', '.'], 'camera 0: found a camera among files, expected cameras alone'),
        (['.', '--trigger', 'every:1'], 'trigger every:1: found files, expected a cam'),
        (['.', '--sink', 'ftp://a'], 'ftp://a: expected a sink'),
        (['99'], 'camera 99: cannot be opened: is it plugged in'),
    ],
)
def test_mistakes(model, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('a.png', np.zeros((8, 8), np.uint8))
    config, weights = model
    with pytest.raises((OSError, InputError), match=message):
        main(['inspect', *options, '--model', config, '--weights', weights])
