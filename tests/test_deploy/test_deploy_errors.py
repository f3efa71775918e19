# Copyright (c) mmacnn authors. All rights reserved.
"""A user's mistake ends with one line, and leaves no half-written model folder."""

import os
import resource
import subprocess
import sys
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from .conftest import MODEL, ROOT, WEIGHTS

pytest.importorskip('mmdeploy')
pytest.importorskip('onnxruntime')

from mmacnn.deploy import deploy, deploy_config  # noqa: E402

STATIC = str(ROOT / 'configs/deploy/acnn/classification_onnxruntime_static-480x640.py')


@pytest.fixture
def run(photographs, tmp_path):
    """Deploy into ``tmp_path / 'out'``, with what the test changes."""

    def run(**changes):
        arguments = dict(
            deploy_cfg=STATIC,
            model_cfg=str(MODEL),
            checkpoint=str(WEIGHTS),
            image=str(photographs[0]),
            work_dir=str(tmp_path / 'out'),
        )
        deploy(**{**arguments, **changes})

    yield run
    assert not [path for path in tmp_path.iterdir() if 'out' in path.name]


def test_checkpoint_of_another_model(run):
    with pytest.raises(ValueError, match="pth: does not fit the config's ACNN: size"):
        run(cfg_options={'model.head.num_classes': 7})


def test_missing_checkpoint(run):
    with pytest.raises(FileNotFoundError, match='none.pth: no such checkpoint'):
        run(checkpoint='none.pth')


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (
            'mmdet/detection_onnxruntime_dynamic.py',
            'made for ObjectDetection by mmdet, expected Classification or '
            'ObjectDetection by mmacnn for the model, a ACNN',
        ),
        (
            'mmpretrain/classification_onnxruntime_dynamic.py',
            'made for Classification by mmpretrain, expected .* by mmacnn',
        ),
    ],
)
def test_deploy_config_for_another_task(run, name, message):
    with pytest.raises(ValueError, match=message):
        run(deploy_cfg=str(ROOT / 'configs/deploy' / name))


def test_model_config_in_the_place_of_a_deploy_config(run):
    with pytest.raises(
        ValueError, match="expected a deploy config, with the key 'codeb"
    ):
        run(deploy_cfg=str(MODEL))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ("backend_config = dict(type='ncnn')", "backend_config.type is 'ncnn', expect"),
        (
            "codebase_config = dict(raw_input='int8')",
            "raw_input is 'int8', expected 'uint8'",
        ),
        (
            "ir_config = dict(output_names=['boxes'])",
            r"output_names is \['boxes'\], ex",
        ),
    ],
)
def test_deploy_config_with_a_wrong_value(run, tmp_path, text, message):
    (tmp_path / 'mine.py').write_text(f"_base_ = ['{STATIC}']\n{text}\n")
    with pytest.raises(ValueError, match=message):
        run(deploy_cfg=str(tmp_path / 'mine.py'))


def test_missing_back_end_names_the_package_to_install(run, monkeypatch):
    monkeypatch.setattr(
        deploy_config, 'find_spec', lambda name: None if 'onnx' in name else name
    )
    with pytest.raises(ValueError, match='not installed: pip install .* onnxruntime'):
        run()


def test_static_deploy_config_of_another_size(run, tmp_path):
    (tmp_path / 'mine.py').write_text(
        f"_base_ = ['{STATIC}']\nir_config = dict(input_shape=(320, 240))\n"
    )
    with pytest.raises(ValueError, match=r'is \(320, 240\), but .* to \(640, 480\)'):
        run(deploy_cfg=str(tmp_path / 'mine.py'))


@pytest.mark.parametrize('content', [b'', b'not an image'])
def test_unreadable_image(run, tmp_path, content):
    (tmp_path / 'broken.png').write_bytes(content)
    with pytest.raises(ValueError, match='broken.png: found an unreadable'):
        run(image=str(tmp_path / 'broken.png'))


def test_missing_image_and_empty_folder_of_images(run, tmp_path):
    with pytest.raises(FileNotFoundError, match='none.png: no such image'):
        run(image='none.png')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty: expected images, found none'):
        run(verify=1, verify_images=str(tmp_path / 'empty'))


def test_difference_over_the_tolerance_leaves_no_folder(run, photographs, tmp_path):
    (tmp_path / 'mine.py').write_text(
        f"_base_ = ['{STATIC}']\ntolerance = dict(score=-1.0)\n"
    )
    folder = str(photographs[0].parent)
    with pytest.raises(
        ValueError, match='differs .* on 1 images: score .*, at most -1'
    ):
        run(deploy_cfg=str(tmp_path / 'mine.py'), verify=1, verify_images=folder)


def test_operator_that_the_target_lacks(run, tmp_path):
    base = ROOT / 'configs/deploy/acnn/full_tensorrt_static-480x640.py'
    (tmp_path / 'mine.py').write_text(
        f"_base_ = ['{base}']\ncodebase_config = dict(raw_input='uint8')\n"
    )
    with pytest.raises(ValueError, match='TensorRT 8.2 cannot take .* UINT8'):
        run(deploy_cfg=str(tmp_path / 'mine.py'))


def test_existing_model_folder_is_kept(photographs, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/end2end.onnx').write_text('precious')
    with pytest.raises(FileExistsError, match='mine: expected a new or empty folder'):
        deploy(
            STATIC, str(MODEL), str(WEIGHTS), str(photographs[0]), f'{tmp_path}/mine'
        )
    assert (tmp_path / 'mine/end2end.onnx').read_text() == 'precious'


@contextmanager
def limited_file_size(size):
    """Writing more than that fails, as on a full disk, for root too."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk_leaves_nothing(run):
    with limited_file_size(1 << 16), pytest.raises(OSError, match='too large'):
        run()


def test_tool_ends_with_one_line_where_it_cannot_write(tmp_path):
    (tmp_path / 'models').write_text('')
    (tmp_path / 'image.png').write_bytes(cv2.imencode('.png', np.zeros((8, 8)))[1])
    command = [sys.executable, ROOT / 'tools/deploy.py', STATIC, MODEL, WEIGHTS]
    done = subprocess.run(
        [*command, tmp_path / 'image.png', '--work-dir', tmp_path / 'models/out'],
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith('error: ')
    assert 'models' in done.stderr and 'Traceback' not in done.stderr
