# Copyright (c) mmacnn authors. All rights reserved.
"""Full disks, read-only folders and vanished data, in every tool that writes.

A tool ends with one line and status 2, leaves earlier results as they were, and no part
of a file or folder under the name that the user gave.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmacnn import apis
from mmacnn.inference.result_files import LineFile

ROOT = Path(__file__).parents[1]
FULL = '(File too large|No space left on device)'


def commands(folder, out):
    """Of each tool: its file, its arguments, and what it is to write, in ``out``."""
    config, weights = folder / 'tiny.py', folder / 'run' / 'epoch_1.pth'
    data = folder / 'data'
    image = data / 'dark' / '0.png'
    deploy = ROOT / 'configs/deploy/mmpretrain/classification_onnxruntime_dynamic.py'
    test = ['tools/test.py', config, weights, '--work-dir']
    inspect = ['tools/inspect_images.py', data / 'dark', '--model', config]
    return {
        'train': [
            *('tools/train.py', config, '--work-dir', out, '--no-validate'),
            *('--cfg-options', 'train_cfg.max_epochs=1'),
        ],
        'test-out': [*test, folder / 'run', '--out', out / 'new.json'],
        'test-show': [*test, folder / 'run', '--show-dir', out / 'pictures'],
        'report': [
            *('tools/analysis_tools/report.py', folder / 'results.json'),
            *('--out', out / 'new.html'),
        ],
        'inspect': [*inspect, '--weights', weights, '--out-dir', out / 'inspected'],
        'publish': ['tools/model_converters/publish_model.py', weights, out / 'a.pth'],
        'generate': [
            *('tools/make_synthetic_dataset.py', out / 'made'),
            *('--task', 'regions', '--num-train', 4, '--num-test', 1),
            *('--size', '96x96', '--num-workers', 1),
        ],
        'convert': [
            *('tools/dataset_converters/import_labels.py', folder / 'xml'),
            *(out / 'new_coco', '--images', data, '--to', 'coco'),
        ],
        'look': [
            *('tools/analysis_tools/analyse_dataset.py', folder / 'yolo'),
            *('--classes', 'thing', '--out-dir', out / 'report'),
        ],
        'deploy': [
            *('tools/deploy.py', deploy, config, weights, image),
            *('--work-dir', out / 'exported'),
        ],
    }


# So many bytes a file may have; the first that has more is the one of the error.
LIMITS = {
    'train': (100_000, r'out/epoch_1\.pth'),
    'test-out': (2500, r'run/tiny\.py'),
    'test-show': (15_000, r'pictures/(wrong|correct)/\d\.jpg'),
    'report': (10_000, r'new\.html'),
    'inspect': (5_000, r'pictures/0\.jpg'),
    'publish': (10_000, r'a\.pth'),
    'generate': (1_000, 'made'),
    'convert': (100, 'new_coco'),
    'look': (100, r'report\.txt'),
    'deploy': (10_000, 'exported'),
}


def earlier_results(folder):
    """Sizes and digests of all but logs and the copy of the config, which must load."""
    Config.fromfile(folder / 'run' / 'tiny.py')
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob('*')
        if path.suffix in ('.pth', '.png', '.json', '.xml')
        and 'vis_data' not in path.parts
    }


def skip_without(name):
    for package in ('mmdeploy', 'onnx', 'onnxruntime') if name == 'deploy' else ():
        if find_spec(package) is None:
            pytest.skip(f'{package} is not installed')


@pytest.mark.parametrize('name', LIMITS)
def test_full_disk(trained, name, tmp_path, fail, full_disk):
    skip_without(name)
    out = tmp_path / 'out'
    before = earlier_results(trained)
    limit, place = LIMITS[name]
    with full_disk(limit):
        line = fail(commands(trained, out)[name])
    assert re.search(f'{place}: {FULL}; ', line), line
    assert earlier_results(trained) == before
    left = {path.name for path in out.rglob('*')}
    assert not any(each.startswith('.unfinished') for each in left)
    assert not left & {'epoch_1.pth', 'new.json', 'new.html', 'a.pth', 'made'}
    assert not left & {'new_coco', 'exported', '0.jpg', '1.jpg'}


@pytest.fixture
def mounted(tmp_path):
    """Mounts a disk in memory with options of ``mount``; may do so again."""
    folder = tmp_path / 'mounted'
    folder.mkdir()

    def mount(options):
        command = ['mount', '-t', 'tmpfs', '-o', options, 'none', folder]
        if not shutil.which('mount') or subprocess.run(command).returncode:
            pytest.skip('no right to mount a disk here')
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(['umount', '-l', folder], check=True)


@pytest.fixture
def read_only(tmp_path, request):
    """A folder that not even root can write to."""
    if os.geteuid() == 0:
        return request.getfixturevalue('mounted')('ro')
    folder = tmp_path / 'read_only'
    folder.mkdir(mode=0o555)
    return folder


def test_a_disk_that_fills_up_in_a_training(tiny_config, tmp_path, mounted, fail):
    """With room for two checkpoints; what is resumed ends as if there had been more."""
    run = mounted('size=1500k') / 'run'
    train = ['tools/train.py', tiny_config, '--no-validate', '--work-dir']
    line = fail([*train, run])
    assert re.search(r'run/epoch_3\.pth: No space left on device; free some', line), (
        line
    )
    names = ['epoch_1.pth', 'epoch_2.pth', 'last_checkpoint', 'tiny.py']
    assert sorted(path.name for path in run.iterdir() if path.is_file()) == names
    mounted('remount,size=9000k')
    options = dict(validate=False)
    apis.train(str(tiny_config), str(run), resume='auto', **options)
    apis.train(str(tiny_config), str(tmp_path / 'full'), **options)
    ours, theirs = (
        torch.load(folder / 'epoch_4.pth', weights_only=False)['state_dict']
        for folder in (run, tmp_path / 'full')
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


READ_ONLY = '(Read-only file system|Permission denied)'


@pytest.mark.parametrize('name', LIMITS)
def test_read_only_folder(trained, name, read_only, fail):
    skip_without(name)
    before = earlier_results(trained)
    line = fail(commands(trained, read_only)[name])
    assert re.search(rf'{read_only}\S*: {READ_ONLY}; ', line), line
    assert earlier_results(trained) == before


@pytest.mark.parametrize('name', ['train', 'test-out', 'report', 'inspect'])
def test_a_file_in_the_place_of_the_folder(trained, name, tmp_path, fail):
    (tmp_path / 'taken').write_text('mine')
    line = fail(commands(trained, tmp_path / 'taken')[name])
    assert re.search(r'taken\S*: (Not a directory|File exists|expected a new)', line)
    assert (tmp_path / 'taken').read_text() == 'mine'


def test_out_that_cannot_be_written_is_known_before_the_test(
    trained, tmp_path, monkeypatch, fail
):
    (tmp_path / 'taken').touch()
    monkeypatch.setattr('mmacnn.apis.testing.build_runner', pytest.fail)
    line = fail(commands(trained, tmp_path / 'taken')['test-out'])
    assert 'taken' in line


def test_full_temporary_folder(trained, tmp_path, fail, full_disk):
    with full_disk(100):
        line = fail(commands(trained, tmp_path)['inspect'])
    assert f'{tempfile.gettempdir()}: File too large' in line


def test_lines_stay_complete_on_a_full_disk(tmp_path, full_disk):
    file = LineFile(str(tmp_path / 'results.jsonl'))
    lines = [json.dumps(dict(number=i, text='ä' * 20)) + '\n' for i in range(20)]
    written = 0
    with full_disk(1000), pytest.raises(OSError, match='results.jsonl'):
        for line in lines:
            file.write(line)
            written += 1
    file.close()
    assert 0 < written < 20
    kept = (tmp_path / 'results.jsonl').read_text('utf-8')
    assert kept == ''.join(lines[:written])
