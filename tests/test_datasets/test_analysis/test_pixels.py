# Copyright (c) mmacnn authors. All rights reserved.
"""What is measured on pixels, and which images are alike."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmacnn.datasets.analysis.duplicates import (
    find_duplicates,
    near_pairs,
    split_series,
    stem_of,
)
from mmacnn.datasets.analysis.outliers import find_outliers
from mmacnn.datasets.analysis.pixels import measure, use_common_range
from mmacnn.utils import InputError


def scene(seed, size=(192, 256)):
    """Grey levels round 130 with fine structure, uint8."""
    noise = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(130 + 20 * smooth / smooth.std(), 40, 220).astype(np.uint8)


def save(path, image, *settings):
    cv2.imwrite(str(path), image, list(settings))
    return str(path)


def test_depths_and_channels(tmp_path):
    grey = scene(0)
    colour = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    files = {
        ('8 bit', 'grey'): save(tmp_path / 'a.png', grey),
        ('8 bit', 'colour'): save(tmp_path / 'b.jpg', colour),
        ('16 bit', 'grey'): save(tmp_path / 'c.png', grey.astype(np.uint16) * 16),
        ('16 bit', 'colour'): save(tmp_path / 'd.png', colour.astype(np.uint16)),
        ('8 bit', 'colour with alpha'): save(
            tmp_path / 'e.png', cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)
        ),
        ('32 bit float', 'grey'): save(tmp_path / 'f.tif', grey / np.float32(255)),
    }
    for expected, path in files.items():
        facts = measure(path)
        assert (facts.depth, facts.channels) == expected
        assert not facts.turned
    Image.fromarray(grey > 99).save(tmp_path / 'g.png')
    assert measure(str(tmp_path / 'g.png')).depth == '1 bit'


def test_12_bits_in_16_are_as_bright_and_as_sharp_as_8(tmp_path):
    grey = scene(0)
    grey[0, 0] = 255
    twelve = (grey.astype(np.uint16) << 4) + 15
    low = measure(save(tmp_path / 'a.png', grey))
    high = measure(save(tmp_path / 'b.png', twelve))
    assert use_common_range([low, high]) == {'8 bit': 255, '16 bit': 4095}
    assert high.brightness == pytest.approx(low.brightness, abs=0.01)
    assert low.brightness == pytest.approx(grey.mean() / 255)
    assert high.sharpness == pytest.approx(low.sharpness, rel=0.1)
    assert float(low.texture @ high.texture) > 0.99


def test_turned_by_exif(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scene(0)).save(tmp_path / 'a.jpg', exif=exif)
    assert measure(str(tmp_path / 'a.jpg')).turned


def test_damaged_image(tmp_path):
    path = save(tmp_path / 'a.png', scene(0))
    content = (tmp_path / 'a.png').read_bytes()
    (tmp_path / 'a.png').write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match='unreadable or truncated'):
        measure(path)
    with pytest.raises(InputError, match='found no such file'):
        measure(str(tmp_path / 'b.png'))


def test_large_jpeg_is_reduced_and_measured(tmp_path):
    """An eighth of 2000x2400 has 250 pixels; the numbers stay those of the scene."""
    large = cv2.resize(scene(0, (250, 300)), (2400, 2000))
    facts = measure(save(tmp_path / 'a.jpg', large))
    use_common_range([facts])
    assert facts.brightness == pytest.approx(large.mean() / 255, abs=0.01)
    blurred = cv2.GaussianBlur(large, (0, 0), 30)
    other = measure(save(tmp_path / 'b.jpg', blurred))
    use_common_range([other])
    assert other.sharpness < facts.sharpness / 3


def test_outliers(tmp_path):
    facts = []
    for seed in range(20):
        image = scene(seed)
        if seed == 3:
            image = cv2.GaussianBlur(image, (0, 0), 4)
        if seed in (7, 11):
            image = cv2.convertScaleAbs(image, alpha=0.9, beta=-50 if seed == 7 else 90)
        facts.append(measure(save(tmp_path / f'{seed}.png', image)))
    use_common_range(facts)
    found = find_outliers([f.sharpness for f in facts], [f.brightness for f in facts])
    named = {(outlier.index, outlier.what) for outlier in found}
    assert {(3, 'unsharp'), (7, 'dark'), (11, 'bright')} <= named
    assert {index for index, _ in named} == {3, 7, 11}
    assert find_outliers([1, 1, 1, 99], [0, 0, 0, 1]) == []  # too few to tell


@pytest.fixture
def copies(tmp_path):
    """Twelve scenes; then copies of the first, by name."""
    paths = [save(tmp_path / f'{seed}.png', scene(seed)) for seed in range(12)]
    first = scene(0)
    noise = np.random.default_rng(0).normal(0, 3, first.shape)
    half = cv2.resize(first, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    paths += [
        save(tmp_path / 'same.png', first),
        save(tmp_path / 'lossless.bmp', first),
        save(tmp_path / 'compressed.jpg', first, cv2.IMWRITE_JPEG_QUALITY, 60),
        save(tmp_path / 'brighter.png', cv2.convertScaleAbs(first, None, 1.1, 5)),
        save(tmp_path / 'noisy.png', np.clip(first + noise, 0, 255).astype(np.uint8)),
        save(tmp_path / 'smaller.png', half),
    ]
    return paths


def test_identical_and_near_identical_images(copies):
    facts = [measure(path) for path in copies]
    textures = np.stack([fact.texture for fact in facts])
    groups, pairs, is_cut = find_duplicates(copies, [f.digest for f in facts], textures)
    assert groups == [(0, 12, 13)] and not is_cut
    alike = {0, *range(12, 18)}
    expected = {
        (i, j) for i in alike for j in alike if i < j and not {i, j} <= {0, 12, 13}
    }
    assert {(pair.first, pair.second) for pair in pairs} == expected


def test_the_same_pixels_in_another_kind_of_file(tmp_path):
    """A large JPEG is decoded reduced, a PNG is not; both have the same pixels."""
    jpeg = save(tmp_path / 'a.jpg', scene(0, (500, 600)))
    png = save(tmp_path / 'a.png', cv2.imread(jpeg, cv2.IMREAD_UNCHANGED))
    facts = [measure(jpeg), measure(png)]
    assert facts[0].digest != facts[1].digest
    textures = np.stack([fact.texture for fact in facts])
    groups, pairs, _ = find_duplicates([jpeg, png], [f.digest for f in facts], textures)
    assert (groups, pairs) == ([(0, 1)], [])


def test_copies_among_small_noisy_images_that_are_all_different(tmp_path):
    """There a copy is less like its original, and still far more than any other."""
    rng = np.random.default_rng(0)
    images = [rng.normal(128, 9, (96, 96)).astype(np.uint8) for _ in range(40)]
    paths = [save(tmp_path / f'{i}.png', image) for i, image in enumerate(images)]
    paths.append(save(tmp_path / 'copy.jpg', images[7], cv2.IMWRITE_JPEG_QUALITY, 90))
    textures = np.stack([measure(path).texture for path in paths])
    (pair,) = near_pairs(textures)[0]
    assert (pair.first, pair.second) == (7, 40) and pair.correlation < 0.99


def test_images_without_structure_are_not_near(tmp_path):
    paths = [
        save(tmp_path / f'{level}.png', np.full((64, 64), level, np.uint8))
        for level in (100, 101)
    ]
    textures = np.stack([measure(path).texture for path in paths])
    assert near_pairs(textures) == ([], False)
    assert near_pairs(textures[:0]) == ([], False)


def test_more_images_than_one_block(monkeypatch):
    monkeypatch.setattr('mmacnn.datasets.analysis.duplicates.BLOCK', 4)
    rng = np.random.default_rng(0)
    textures = rng.standard_normal((11, 4096)).astype(np.float32)
    textures[9] = textures[1] + 0.05 * textures[2]
    textures[10] = textures[8]
    textures /= np.linalg.norm(textures, axis=1, keepdims=True)
    pairs, _ = near_pairs(textures.astype(np.float16))
    assert [(p.first, p.second) for p in pairs] == [(8, 10), (1, 9)]


@pytest.mark.parametrize(
    ('path', 'stem'),
    [
        ('a/part12_view_3.png', 'part12_view'),
        ('0001.png', ''),
        ('burst (2).jpg', 'burst'),
        ('tile-007.bmp', 'tile'),
        ('IMG_1_jpg.rf.0a1b2c.jpg', 'IMG_1'),
    ],
)
def test_stem_of_a_series(path, stem):
    assert stem_of(path) == stem


def test_series_in_several_splits():
    paths = ['p1_0.png', 'p1_1.png', 'p2_0.png', 'p2_1.png', 'lone.png', '5.png']
    splits = ['train', 'test', 'train', 'train', 'train', 'test']
    assert split_series(paths, splits) == {'p1': (0, 1)}
    # All names of one kind, or very many of one stem, say nothing about parts.
    names = [f'img_{i}.png' for i in range(40)]
    halves = ['train', 'test'] * 20
    assert split_series(names, halves) == {}
    assert split_series([*names, 'other_1.png'], [*halves, 'test']) == {}
