# Copyright (c) mmacnn authors. All rights reserved.
import os
import pickle

import numpy as np
import pytest
import torch

from mmacnn.utils import read_json, read_pickle

PLAIN = [
    dict(a=[1, 2.5, None, True], b='text', c=b'bytes', d=(1, 2)),
    dict(heat=np.ones((2, 3), np.float16), mask=np.zeros(3, bool)),
    dict(score=np.float64(0.5), label=np.int64(3)),
]


@pytest.mark.parametrize('protocol', range(2, 5))
@pytest.mark.parametrize('content', PLAIN, ids=['plain', 'arrays', 'numbers'])
def test_plain_values(tmp_path, content, protocol):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(content, protocol))
    found = read_pickle(str(path), 'results')
    np.testing.assert_equal(found, content)


def test_version_of_torch_is_text(tmp_path):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(torch.__version__))
    found = read_pickle(str(path), 'results')
    assert type(found) is str
    assert found == str(torch.__version__)


class Command:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('function', [os.mkdir, eval, getattr, np.load, open])
def test_anything_else_is_refused(tmp_path, monkeypatch, function):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps([1, Command(function, 'folder')]))
    with pytest.raises(ValueError, match=rf'a.pkl: .* found \w+\.{function.__name__}$'):
        read_pickle(str(path), 'results')
    assert [p.name for p in tmp_path.iterdir()] == ['a.pkl']


@pytest.mark.parametrize('content', [b'', b'text', b'\x80\x05', b'\x80\x04]q.(' * 9])
def test_no_pickle(tmp_path, content):
    path = tmp_path / 'a.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='a.pkl: expected results, found .*'):
        read_pickle(str(path), 'results')


def test_json_with_a_byte_order_mark_and_line_ends(tmp_path):
    path = tmp_path / 'a.json'
    path.write_bytes('\ufeff{"a":\r\n [1, "é"]}\r\n'.encode())
    assert read_json(str(path), 'labels') == dict(a=[1, 'é'])


@pytest.mark.parametrize(
    ('content', 'found'),
    [
        (b'', 'Expecting value'),
        (b'{"a": NaN}', 'NaN, which is no number of JSON'),
        (b'{"a": -Infinity}', '-Infinity, which'),
        (b'[' * 10**5 + b']' * 10**5, 'nested too deeply'),
        (b'{"a": ' * 10**5, 'nested too deeply'),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' twice"),
        ('{"a": 1}'.encode('utf-16'), "codec can't decode"),
        (b'{"a": "\xff"}', "codec can't decode"),
        (b'{"a": 1}\0', 'Extra data'),
        (b'[' + b'9' * 5000 + b']', 'Exceeds the limit'),
    ],
)
def test_no_json(tmp_path, content, found):
    path = tmp_path / 'a.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'a.json: expected labels, found .*{found}'):
        read_json(str(path), 'labels')


def test_json_of_results_knows_nan(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('[NaN, Infinity]')
    assert np.isnan(read_json(str(path), 'results', nan=True)[0])


def test_missing(tmp_path):
    for read in (read_json, read_pickle):
        with pytest.raises(
            FileNotFoundError, match='found no such file, expected results'
        ):
            read(str(tmp_path), 'results')
