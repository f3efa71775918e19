# Copyright (c) mmacnn authors. All rights reserved.
"""A model folder of somebody else's names nothing outside, and imports nothing."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmacnn.deploy.model_folder import read_description
from mmacnn.deploy.triton import write_triton_repository

GIVEN = dict(name='input', dtype='float32', shape=[None, 3, 6, 8])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'model').mkdir()
    (tmp_path / 'model/end2end.onnx').write_bytes(b'a network')
    (tmp_path / 'secret.onnx').write_bytes(b'a secret')
    return tmp_path / 'model'


def describe(folder, codebase=None, **changes):
    facts = dict(
        format=2,
        model='end2end.onnx',
        input=GIVEN,
        outputs=[dict(GIVEN, name='score', shape=[None, 2], role='scores')],
        classes=['a', 'b'],
    )
    detail = dict(mmacnn=facts | changes, codebase_config=codebase or {})
    (folder / 'detail.json').write_text(json.dumps(detail))


def test_a_good_folder(folder, tmp_path):
    describe(folder, dict(type='mmacnn', module=['mmacnn.deploy.codebase']))
    write_triton_repository(str(folder), str(tmp_path / 'out'), 'good')
    assert (tmp_path / 'out/good/1/model.onnx').read_bytes() == b'a network'


@pytest.mark.parametrize('name', ['../secret.onnx', '{root}/secret.onnx', 'link.onnx'])
def test_the_model_is_in_the_folder(folder, tmp_path, name):
    (folder / 'link.onnx').symlink_to(tmp_path / 'secret.onnx')
    describe(folder, model=name.format(root=tmp_path))
    with pytest.raises(
        ValueError, match=r'detail.json: model: found the model .*below'
    ):
        write_triton_repository(str(folder), str(tmp_path / 'out'), 'stolen')
    assert not (tmp_path / 'out').exists()


def test_modules_of_others_are_not_imported(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    (folder / 'planted.py').write_text('raise SystemExit("it ran")')
    describe(folder, dict(type='mmacnn', module=['planted']))
    with pytest.raises(ValueError, match='detail.json: expected the record of tools/d'):
        read_description(folder)
    assert 'planted' not in sys.modules


@pytest.mark.parametrize('name', ['', ' ', '..', '.a', 'a/b', 'a\\b', 'a\nb', 'a\x1b['])
def test_names_of_models_on_the_server(folder, tmp_path, name):
    describe(folder)
    with pytest.raises(ValueError, match='name: found .*expected a name for a folder'):
        write_triton_repository(str(folder), str(tmp_path / 'out'), name)
    assert not (tmp_path / 'out').exists()


plain = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(['model', 'input', 'outputs', 'classes', 'module']), plain)
def test_any_description(folder, key, value):
    if key == 'module':
        describe(folder, dict(module=value))
    else:
        describe(folder, **{key: value})
    try:
        read_description(folder)
    except ValueError as error:
        assert 'detail.json' in str(error)
        assert len(str(error)) < 400
