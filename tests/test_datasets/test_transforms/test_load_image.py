# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import mmcv
import numpy as np
import pytest

from mmacnn.datasets.image_files import read_image_size
from mmacnn.datasets.pixels import to_bgr8
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.datasets.transforms.load_image import loader_of
from mmacnn.engine.config import load_config
from mmacnn.registry import TRANSFORMS

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOUR = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
BGRA = np.dstack((COLOUR, COLOUR[..., :1]))


@pytest.fixture
def load(tmp_path):
    def write_and_load(image, suffix='.png', **settings):
        path = str(tmp_path / f'image{suffix}')
        assert cv2.imwrite(path, image)
        assert read_image_size(path) == read_image_size(path, True) == image.shape[:2]
        results = LoadAnyDepthImage(**settings)(dict(img_path=path))
        assert results['ori_shape'] == results['img_shape'] == image.shape[:2]
        return results['img']

    return write_and_load


def assert_shows(found, image):
    """``found`` is uint8 BGR and equals ``image``, grey or BGR(A), bit for bit."""
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert found.shape == (*image.shape[:2], 3)
    channels = image[..., None] if image.ndim == 2 else image[..., :3]
    assert (found == channels).all()


def test_it_is_registered():
    assert TRANSFORMS.get('LoadAnyDepthImage') is LoadAnyDepthImage


@pytest.mark.parametrize('image', [GREY, COLOUR, BGRA], ids=['grey', 'bgr', 'bgra'])
@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_8_bit_twin(load, image, suffix):
    """A camera that delivers 8 of its bits, and one that delivers all."""
    assert_shows(load(image, suffix), image)
    for depth in (8, 10, 12, 14, 16):
        deep = image.astype(np.uint16) << (depth - 8)
        deep |= (1 << (depth - 8)) - 1  # what the 8 bits lack
        assert_shows(load(deep, suffix, depth=depth), image)
    assert_shows(load(image.astype(np.uint16) * 257, suffix), image)
    if suffix == '.tif' and image is not BGRA:
        for dtype in (np.float32, np.float64):
            assert_shows(load((image / 255).astype(dtype), suffix), image)


@pytest.mark.parametrize('image', [GREY, GREY[..., None], COLOUR, BGRA])
def test_arrays(image):
    expected = image[..., 0] if image.shape[2:] == (1,) else image
    for array, depth in (
        (image, None),
        (image.astype(np.uint16) << 4, 12),
        ((image.astype(np.uint16) << 4).astype('>u2'), 12),
        (image.astype(np.float32) / 255, 12),
        (np.float16(image / 255), None),
    ):
        assert_shows(to_bgr8(array, depth, 'a'), expected)
        assert_shows(to_bgr8(array[::-1, ::-1], depth, 'a'), expected[::-1, ::-1])


def test_transparency_has_a_range_of_its_own():
    deep = BGRA.astype(np.uint16) << 4
    deep[..., 3] = 65535
    assert_shows(to_bgr8(deep, 12, 'a'), COLOUR)


def test_8_bit_colours_are_not_copied():
    assert np.shares_memory(to_bgr8(COLOUR, 12, 'a'), COLOUR)


def test_range_does_not_depend_on_the_image(load):
    dark = np.linspace(0, 500, 48).reshape(6, 8).astype(np.uint16)
    assert load(dark, depth=12).max() == 500 >> 4
    assert load(dark, depth=16).max() == 500 >> 8


@pytest.mark.parametrize(
    ('image', 'depth', 'message'),
    [
        (
            GREY.astype(np.uint16) << 4,
            None,
            'levels up to 4080, .*depth=12 for a camer',
        ),
        (GREY.astype(np.uint16), None, 'levels up to 255, .*depth=10 for a camera'),
        (GREY.astype(np.uint16) << 6, None, 'levels up to 16320, .*depth=14 for'),
        (GREY.astype(np.uint16) << 8, 12, 'up to 65280, expected at most 4095'),
        (GREY.astype(np.float32), None, 'found float32 numbers from 0 to 255, exp'),
        (GREY / np.float32(-1), None, 'found float32 numbers from -255 to -0, exp'),
        (np.full((2, 2), np.nan), None, 'found float64 numbers from nan to nan'),
        (GREY.astype(np.int32), None, 'found int32 of shape'),
        (GREY > 5, None, 'found bool of shape'),
        (GREY[0], None, r'found uint8 of shape \(16,\)'),
        (GREY.reshape(8, 16, 2), None, r'found uint8 of shape \(8, 16, 2\)'),
        (GREY[:0], None, r'found uint8 of shape \(0, 16\)'),
    ],
)
def test_what_is_refused(image, depth, message):
    with pytest.raises(ValueError, match=f'^a.png: .*{message}'):
        to_bgr8(image, depth, 'a.png')


@pytest.mark.parametrize('content', [b'', b'no picture'])
def test_no_picture(tmp_path, content):
    path = tmp_path / 'broken.png'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='broken.png: found no picture in it'):
        LoadAnyDepthImage()(dict(img_path=str(path)))


@pytest.mark.parametrize('depth', [7, 17, '12', 12.5])
def test_bad_depth(depth):
    with pytest.raises(ValueError, match=f'depth is {depth!r}, expected 8 to 16'):
        LoadAnyDepthImage(depth=depth)


CONFIG = """
loader = dict(type='LoadImageFromFile', backend_args=None)
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=[loader])))
test_dataloader = dict(dataset=dict(pipeline=[dict(type='mmacnn.LoadAnyDepthImage')]))
val_dataloader = dict(
    dataset=dict(pipeline=[dict(type='LoadImageFromFile', to_float32=True)])
)
"""


def test_a_config_has_one_depth(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text('depth = 12' + CONFIG)
    for options, depth in ((None, 12), (dict(depth=10), 10)):
        cfg = load_config(str(path), cfg_options=options)
        train = cfg.train_dataloader.dataset.dataset.pipeline
        assert train[0].type == 'mmacnn.LoadAnyDepthImage'
        assert loader_of(train).depth == depth
        assert loader_of(cfg.test_dataloader.dataset.pipeline).depth == depth
        # Other settings are the user's own.
        assert cfg.val_dataloader.dataset.pipeline[0].type == 'LoadImageFromFile'
    path.write_text(CONFIG)
    cfg = load_config(str(path))
    assert loader_of(cfg.test_dataloader.dataset.pipeline).depth is None


def test_8_bits_are_read_as_by_mmcv(tmp_path):
    path = str(tmp_path / 'a.jpg')
    cv2.imwrite(path, COLOUR)
    assert (LoadAnyDepthImage(depth=12).read(path) == mmcv.imread(path)).all()
