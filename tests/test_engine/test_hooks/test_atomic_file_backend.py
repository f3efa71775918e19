# Copyright (c) mmacnn authors. All rights reserved.
import pytest
from mmengine.fileio import LocalBackend, get_file_backend

from mmacnn.engine.hooks import AtomicFileBackend

WRITERS = [('put', b'old', b'new'), ('put_text', 'old', 'new')]


@pytest.fixture
def backend():
    return get_file_backend('a.pth', backend_args=dict(backend='atomic'))


def test_it_is_registered(backend):
    assert isinstance(backend, AtomicFileBackend)


@pytest.mark.parametrize(('put', 'old', 'new'), WRITERS)
def test_writes(backend, tmp_path, put, old, new):
    path = tmp_path / 'run' / 'epoch_1.pth'
    for content in (old, new):
        getattr(backend, put)(content, path)
        read = backend.get(path) if put == 'put' else backend.get_text(path)
        assert read == content
    assert [each.name for each in path.parent.iterdir()] == ['epoch_1.pth']


@pytest.mark.parametrize(('put', 'old', 'new'), WRITERS)
def test_a_broken_off_write_leaves_the_old_file(
    backend, tmp_path, monkeypatch, put, old, new
):
    path = tmp_path / 'epoch_1.pth'
    getattr(backend, put)(old, path)

    def write_half(self, content, place, *args):
        with open(place, 'w') as file:
            file.write(str(content)[:1])
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(LocalBackend, put, write_half)
    with pytest.raises(OSError, match='No space left'):
        getattr(backend, put)(new, path)
    assert path.read_text() == 'old'
    assert [each.name for each in tmp_path.iterdir()] == ['epoch_1.pth']
