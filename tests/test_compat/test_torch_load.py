# Copyright (c) mmacnn authors. All rights reserved.
import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import CheckpointLoader, checkpoint

import mmacnn  # noqa: F401
from mmacnn.compat import torch_load

refusal_is_default = pytest.mark.skipif(
    tuple(map(int, torch.__version__.split('.')[:2])) < (2, 6),
    reason='torch.load unpickles everything by default before 2.6',
)


def save(content, path):
    torch.save(content, path)
    return str(path)


def test_history_of_scalars_survives(tmp_path):
    hub = MessageHub.get_instance('test_history_of_scalars_survives')
    for value in (1, 2.5, np.float64(4.0)):
        hub.update_scalar('train/loss', value)
    hub.update_info('best_score', np.float32(0.5))
    path = save(hub.state_dict(), tmp_path / 'checkpoint.pth')
    loaded = CheckpointLoader.load_checkpoint(path)
    history = loaded['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    assert history.data[0].tolist() == [1, 2.5, 4]
    assert history.statistics('mean') == 2.5
    assert loaded['runtime_info']['best_score'] == np.float32(0.5)


@refusal_is_default
@pytest.mark.parametrize('name', torch_load.SCALARS)
@pytest.mark.parametrize('package', ['numpy.core', 'numpy._core'])
def test_numbers_of_numpy_1_and_2_load(tmp_path, name, package):
    content = [np.arange(3).astype(name), np.dtype(name).type(1)]
    path = tmp_path / 'checkpoint.pth'
    # torch.save pickles into a zip file, where only the names of the modules differ.
    torch.save(content, path, pickle_module=renaming_pickle(package))
    assert f'{package}.multiarray'.encode() in path.read_bytes()
    array, number = torch.load(path, weights_only=True)
    assert array.dtype == name
    assert array.tolist() == content[0].tolist()
    assert number == content[1]


def renaming_pickle(package):
    """A pickle module that writes numpy's private package under another name."""

    class Pickler(pickle._Pickler):
        def save_global(self, obj, name=None):
            if obj in self.renamed:
                self.write(pickle.GLOBAL + self.renamed[obj])
                self.memoize(obj)
            else:
                super().save_global(obj, name)

        renamed = {
            np.ndarray(0).__reduce__()[
                0
            ]: f'{package}.multiarray\n_reconstruct\n'.encode(),
            np.float64(0).__reduce__()[0]: f'{package}.multiarray\nscalar\n'.encode(),
        }
        dispatch = {
            **pickle._Pickler.dispatch,
            type(np.ndarray(0).__reduce__()[0]): save_global,
        }

    class Module:
        pass

    Module.Pickler = Pickler
    return Module


class Harmless:
    pass


class Shell:
    def __reduce__(self):
        return os.system, ('exit 1',)


class Attribute:
    """Walks from an allowed class to the interpreter, as a crafted file would."""

    def __init__(self, owner, name):
        self.arguments = owner, name

    def __reduce__(self):
        return getattr, self.arguments


@refusal_is_default
@pytest.mark.parametrize(
    'content',
    [
        Harmless(),
        Shell(),
        Attribute(HistoryBuffer, '__init__'),
        Attribute(HistoryBuffer, '_set_default_statistics'),
        Attribute(np.ndarray, 'tofile'),
    ],
    ids=['class', 'shell', 'dunder', 'private', 'other-owner'],
)
def test_anything_else_is_refused(tmp_path, content):
    path = save({'state_dict': {}, 'extra': content}, tmp_path / 'checkpoint.pth')
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        CheckpointLoader.load_checkpoint(path)


@refusal_is_default
def test_onedl_does_not_read_again_without_the_check(tmp_path, monkeypatch):
    def unchecked(file, map_location=None, weights_only=None):
        return torch.load(file, map_location=map_location, weights_only=False)

    path = save({'state_dict': {}, 'extra': Harmless()}, tmp_path / 'checkpoint.pth')
    monkeypatch.setattr(checkpoint, '_safe_torch_load', unchecked, raising=False)
    torch_load.replace_loaders()
    with pytest.raises(pickle.UnpicklingError):
        checkpoint._safe_torch_load(path, map_location='cpu')


@refusal_is_default
def test_nothing_is_done_before_torch_2_6(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.serialization, 'add_safe_globals', calls.append)
    monkeypatch.setattr(torch, '__version__', '2.5.1+cpu')
    torch_load.apply()
    assert calls == []
    monkeypatch.setattr(torch, '__version__', '2.10.0a0+git')
    torch_load.apply()
    assert len(calls) == 1
