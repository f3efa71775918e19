# Copyright (c) mmacnn authors. All rights reserved.
"""No way to read a checkpoint runs what somebody has put into it."""

import functools
import http.server
import io
import os
import pickle
import runpy
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader, checkpoint

from mmacnn.apis import test as run_test
from mmacnn.apis import train
from mmacnn.apis.run_report import report
from mmacnn.apis.thresholds import choose_anomaly_threshold
from mmacnn.compat import torch_load
from mmacnn.deploy import deploy
from mmacnn.engine.checkpoint import load_checkpoint
from mmacnn.engine.model_zoo import get_model
from mmacnn.inference.inspector import Inspector

ROOT = Path(__file__).parents[2]
REFUSED = r'crafted.pth: not a readable checkpoint: found \w+.mkdir in it'
CONVERTERS = (
    'canet_official_to_mmacnn',
    'differnet_official_to_mmacnn',
    'efficientnet_lite_to_mmpretrain',
    'roi_mask_official_to_mmacnn',
)


class Command:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.fixture(params=['zip', 'legacy'])
def crafted(request, tmp_path):
    """A checkpoint with a command in it; the command must never have run."""
    path, proof = tmp_path / 'crafted.pth', tmp_path / 'it-ran'
    weights = dict(weight=torch.ones(2))
    content = dict(state_dict=weights, optimizer={}, note=Command(proof))
    is_zip = request.param == 'zip'
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    yield str(path)
    assert not proof.exists()


def run_script(name, *arguments):
    """Run a tool in this process, its errors not made into a line."""
    script = ROOT / 'tools' / 'model_converters' / f'{name}.py'
    old = sys.argv, os.environ.get('MMACNN_TRACEBACK')
    sys.argv, os.environ['MMACNN_TRACEBACK'] = [str(script), *arguments], '1'
    try:
        runpy.run_path(str(script), run_name='__main__')
    finally:
        sys.argv = old[0]
        os.environ.pop('MMACNN_TRACEBACK')
        if old[1] is not None:
            os.environ['MMACNN_TRACEBACK'] = old[1]


def pretrained(crafted):
    return {'model.init_cfg': dict(type='Pretrained', checkpoint=crafted)}


READERS = {
    'load_checkpoint': lambda config, path, out: load_checkpoint(path),
    'mmengine': lambda config, path, out: CheckpointLoader.load_checkpoint(path),
    'test': lambda config, path, out: run_test(config, path, work_dir=out),
    'resume': lambda config, path, out: train(config, out, resume=path),
    'load_from': lambda config, path, out: train(
        config, out, cfg_options=dict(load_from=path)
    ),
    'init_cfg': lambda config, path, out: train(
        config, out, cfg_options=pretrained(path)
    ),
    'inspector': lambda config, path, out: Inspector(config, path),
    'get_model': lambda config, path, out: get_model(config, path),
    'report': lambda config, path, out: report(
        [config, path], f'{out}.html', work_dir=out
    ),
    'deploy': lambda config, path, out: deploy(
        str(ROOT / 'configs/deploy/mmpretrain/classification_onnxruntime_dynamic.py'),
        config,
        path,
        str(Path(config).parent / 'data/dark/0.png'),
        out,
    ),
    'threshold': lambda config, path, out: choose_anomaly_threshold(
        config, path, f'{out}.pth', 'test_dataloader'
    ),
    'publish': lambda config, path, out: run_script(
        'publish_model', path, f'{out}.pth'
    ),
    'to_cam': lambda config, path, out: run_script(
        'classifier_to_cam', config, path, out
    ),
    **{
        name: lambda config, path, out, name=name: run_script(name, path, f'{out}.pth')
        for name in CONVERTERS
    },
}


@pytest.mark.parametrize('reader', READERS)
def test_command_is_refused(tiny_config, tmp_path, crafted, reader):
    with pytest.raises(ValueError, match=REFUSED):
        READERS[reader](str(tiny_config), crafted, str(tmp_path / 'out'))
    assert not [p for p in tmp_path.glob('out*') if p.is_file()]


def test_command_in_a_resumed_folder(tiny_config, tmp_path, crafted):
    """With ``--resume auto`` as well, where a damaged checkpoint is passed over."""
    work_dir = tmp_path / 'out'
    work_dir.mkdir()
    Path(crafted).rename(work_dir / 'epoch_1.pth')
    with pytest.raises(ValueError, match='found no complete checkpoint to resume'):
        train(str(tiny_config), str(work_dir), resume='auto')


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Serves ``tmp_path``; what is downloaded goes to a folder of its own."""
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def test_command_from_the_network(crafted, address):
    with pytest.raises(ValueError, match=REFUSED):
        load_checkpoint(f'{address}/crafted.pth')


def test_weights_from_the_network(tmp_path, address):
    torch.save(dict(state_dict=dict(a=torch.ones(1))), tmp_path / 'good.pth')
    for _ in range(2):  # the second time from the folder
        loaded = load_checkpoint(f'{address}/good.pth')
        assert loaded['state_dict']['a'] == 1
    assert (tmp_path / 'hub/checkpoints/good.pth').is_file()


@pytest.fixture
def old_torch(monkeypatch):
    """``torch.load`` as before 2.6, which checks nothing."""
    monkeypatch.setattr(torch_load, '_is_checked_by_torch', lambda: False)


def test_command_is_refused_by_our_own_reader(old_torch, crafted):
    with pytest.raises(ValueError, match=REFUSED):
        load_checkpoint(crafted)


@pytest.mark.parametrize('is_zip', [True, False])
def test_our_own_reader_takes_a_training(old_torch, tmp_path, is_zip):
    history = HistoryBuffer()
    history.update(np.float64(2.5))
    path, weights = tmp_path / 'training.pth', dict(a=torch.arange(3.0))
    content = dict(
        state_dict=weights,
        optimizer=dict(state={0: dict(step=torch.tensor(1))}, betas=(0.9, 0.999)),
        message_hub=dict(loss=history, best=np.float32(0.5), numbers=np.arange(3)),
        param_schedulers=[dict(last_step=1)],
        meta=dict(dataset_meta=dict(classes=('a', 'b'))),
    )
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    loaded = load_checkpoint(str(path))
    assert loaded['state_dict']['a'].tolist() == [0, 1, 2]
    assert loaded['message_hub']['loss'].statistics('mean') == 2.5
    assert loaded['message_hub']['best'] == np.float32(0.5)
    assert loaded['meta'] == content['meta']


class Names:
    """A pickle module that writes calls of any function by its name."""

    __name__ = 'pickle'

    class Pickler(pickle._Pickler):
        def reducer_override(self, obj):
            return obj.call if isinstance(obj, Call) else NotImplemented


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments


@pytest.mark.parametrize(
    'content',
    [
        Call(getattr, HistoryBuffer, '__init__'),
        Call(getattr, np.ndarray, 'tofile'),
        Call(eval, '1'),
        Call(torch.load, 'a.pth'),
        Call(torch.hub.load, 'a/b', 'c'),
        Call(np.load, 'a.npy'),
    ],
    ids=['dunder', 'other-owner', 'eval', 'load', 'hub', 'numpy'],
)
def test_our_own_reader_takes_no_other_name(old_torch, tmp_path, content):
    torch.save(content, tmp_path / 'a.pth', pickle_module=Names)
    with pytest.raises(
        ValueError,
        match='a.pth: not a readable checkpoint: .*allowed|'
        'a.pth: not a readable checkpoint: found .* in it',
    ):
        load_checkpoint(str(tmp_path / 'a.pth'))


def test_packed_file_that_grows(tmp_path):
    """50 MB of zeros in 50 kB; torch itself packs nothing."""
    path = tmp_path / 'packed.pth'
    torch.save(dict(state_dict=dict(a=torch.zeros(2**20 * 12))), path)
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, 'w') as target:
        for record in source.infolist():
            kind = zipfile.ZIP_DEFLATED
            target.writestr(record.filename, source.read(record), kind)
    path.write_bytes(packed.getvalue())
    with pytest.raises(ValueError, match=r'found \d+ bytes packed into \d+'):
        load_checkpoint(str(path))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1], 'expected a dict of weights, found list'),
        (dict(state_dict=[1]), 'found a list as state_dict'),
        (dict(state_dict={1: torch.ones(1)}), 'found a dict as state_dict'),
        (dict(state_dict=dict(a=1)), "found a int as the weight 'a'"),
        (dict(meta=7), 'found a int as meta'),
        (dict(meta=dict(dataset_meta='x')), 'found a str as dataset_meta'),
    ],
)
def test_content_that_is_no_checkpoint(tmp_path, content, message):
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=message):
        load_checkpoint(str(tmp_path / 'a.pth'))


def test_mmengines_address_book_is_replaced():
    assert checkpoint.load_url is torch_load.load_url
