# Copyright (c) mmacnn authors. All rights reserved.
"""Help, and mistakes in paths, come before anything slow is imported."""

import sys
from pathlib import Path

import pytest

from mmacnn.cli import import_labels
from mmacnn.converters.labels.importer import READERS
from mmacnn.converters.labels.targets import WRITERS

from .test_train import run

ROOT = Path(__file__).parents[2]
TOOLS = sorted([*ROOT.glob('tools/*.py'), *ROOT.glob('tools/*/*.py')])
RUN = """
import contextlib, io, runpy, sys
for command in {commands!r}:
    sys.argv = command
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            runpy.run_path(command[0], run_name='__main__')
        except SystemExit as error:
            status = error.code
    assert status == {status}, (command, said.getvalue())
    assert {expected!r} in said.getvalue(), (command, said.getvalue())
    assert 'torch' not in sys.modules, command
"""


def check(commands, status, expected, cwd):
    code = RUN.format(commands=commands, status=status, expected=expected)
    done = run('-c', code, cwd=cwd)
    assert done.returncode == 0, done.stderr


def test_help_imports_nothing_slow(tmp_path):
    check([[str(tool), '--help'] for tool in TOOLS], 0, 'usage:', tmp_path)


def command(tool, *arguments):
    return [str(ROOT / 'tools' / tool), *arguments]


def test_an_output_that_is_there_is_refused_first(tmp_path):
    for name in ('a', 'out/b'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    inspect = command('inspect_images.py', 'a', '--model', 'a')
    folders = [
        command('compose_dataset.py', 'a', 'out'),
        command('deploy.py', *'aaaa', '--work-dir', 'out'),
        command('test.py', 'a', 'a', '--show-dir', 'out'),
        command('analysis_tools/benchmark.py', '--model', 'a=a', '--image', 'a')
        + ['--out', 'out'],
        command('dataset_converters/import_labels.py', 'a', 'out', '--to', 'coco'),
        [*inspect, '--out-dir', 'out'],
        [*inspect, '--labels-out', 'coco', 'out'],
    ]
    check(folders, 2, 'out: expected a new or empty folder', tmp_path)
    files = [
        command('test.py', 'a', 'a', '--out', 'out/b'),
        command('analysis_tools/report.py', 'a', '--out', 'out/b'),
        command('model_converters/publish_model.py', 'a', 'out/b'),
        command('model_converters/average_models.py', 'a', 'a', 'out/b'),
        command('analysis_tools/choose_map_threshold.py', 'a', 'a', 'out/b'),
    ]
    check(files, 2, 'out/b exists, name a new file', tmp_path)


def test_a_second_training_is_refused_first(tmp_path):
    for name in ('a.py', 'epoch_1.pth'):
        (tmp_path / name).touch()
    again = command('train.py', 'a.py', '--work-dir', '.')
    check([again], 2, 'found an earlier training (epoch_1.pth)', tmp_path)


def test_a_file_that_is_missing_is_named_first(tmp_path):
    (tmp_path / 'a').touch()
    commands = [
        command('compose_dataset.py', 'none', 'out'),
        command('train.py', 'none'),
        command('test.py', 'a', 'none'),
        command('deploy.py', 'a', 'a', 'a', 'none', '--work-dir', 'out'),
        command('analysis_tools/analyse_dataset.py', 'none'),
        command('analysis_tools/report.py', 'none', '--out', 'new.html'),
        command('inspect_images.py', 'a', '--model', 'a', '--weights', 'none'),
    ]
    check(commands, 2, 'none: no such file or folder', tmp_path)


def test_show_needs_a_screen(tmp_path, monkeypatch):
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    shown = command('inspect_images.py', 'a', '--model', 'a', '--show')
    if sys.platform == 'linux':
        check([shown], 2, '--show: found no screen', tmp_path)


def test_names_of_label_formats():
    assert tuple(READERS) == import_labels.FORMATS
    assert tuple(WRITERS) == import_labels.TARGETS


@pytest.mark.parametrize('first', ['mmengine.runner', 'mmacnn'])
def test_checkpoints_load_whatever_was_imported_first(first, tmp_path):
    """The gaps of compat are closed when torch comes, before or after us."""
    code = (
        f'import {first}\nimport mmacnn, torch\n'
        'from mmengine.logging import HistoryBuffer\n'
        "torch.save(HistoryBuffer([1.0], [1]), 'a.pth')\n"
        "torch.load('a.pth', weights_only=True)\n"
        'from mmengine.runner import checkpoint\n'
        "assert checkpoint.load_url.__module__ == 'mmacnn.compat.torch_load'\n"
        'import mmengine.dist.utils as utils\n'
        "assert hasattr(utils._init_dist_pytorch, '__wrapped__')\n"
    )
    done = run('-c', code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
