# Copyright (c) mmacnn authors. All rights reserved.
"""The network's input: the same as in the test pipelines of the workstation."""

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.models import ClsDataPreprocessor

import mmacnn  # noqa: F401 what mmdet lacks in mmcv-lite


@pytest.mark.parametrize('size', [(6, 8), (480, 640), (7, 31)])
def test_frames_are_prepared_as_in_the_test_pipeline(make_folder, size):
    from runner.model_folder import ModelFolder

    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    prepared = ModelFolder(make_folder('classifier')).input.prepare(image)

    preprocessor = ClsDataPreprocessor(
        mean=[100, 110, 120], std=[50, 60, 70], to_rgb=True
    )
    resized = torch.from_numpy(cv2.resize(image, (8, 6)).transpose(2, 0, 1))
    expected = preprocessor(dict(inputs=resized[None]))['inputs'].numpy()
    np.testing.assert_allclose(prepared.array, expected, rtol=0, atol=1e-6)
    assert prepared.array.flags.c_contiguous


@pytest.mark.parametrize('size', [(24, 12), (12, 24), (5, 40), (8, 8)])
def test_ratio_is_kept_as_in_a_detectors_test_pipeline(make_folder, size):
    from mmdet.datasets.transforms import Resize
    from mmdet.models import DetDataPreprocessor
    from mmdet.structures import DetDataSample
    from runner.model_folder import ModelFolder

    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    prepared = ModelFolder(make_folder('detector')).input.prepare(image)

    resized = Resize(scale=(8, 8), keep_ratio=True)(dict(img=image))
    sample = DetDataSample(
        metainfo=dict(img_shape=resized['img_shape'], scale_factor=(1, 1))
    )
    data = dict(
        inputs=[torch.from_numpy(resized['img'].transpose(2, 0, 1))],
        data_samples=[sample],
    )
    preprocessor = DetDataPreprocessor(
        mean=[100, 110, 120], std=[50, 60, 70], bgr_to_rgb=True, pad_size_divisor=4
    )
    expected = preprocessor(data)['inputs'].numpy()
    np.testing.assert_allclose(prepared.array, expected, rtol=0, atol=1e-6)
    assert prepared.scale == pytest.approx(resized['scale_factor'])
    assert prepared.size == resized['img_shape']


@pytest.mark.parametrize('size', [(60, 80), (3, 200), (6, 8)])
def test_masks_are_prepared_as_in_the_test_pipeline(make_folder, size):
    from runner.model_folder import ModelFolder

    from mmacnn.datasets.transforms import RegionResize

    mask = np.zeros(size, np.uint8)
    mask[-1, size[1] // 2] = 1  # a pixel, which may not vanish
    whole = np.ones(size, np.uint8)
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    array = ModelFolder(make_folder('regions')).input.prepare(image, [mask, whole])[0]
    expected = RegionResize((6, 8))(dict(img=image, gt_seg_map=mask))['gt_seg_map']
    np.testing.assert_array_equal(array[:, 3], [expected, np.ones((6, 8))])
    np.testing.assert_array_equal(array[0, :3], array[1, :3])


def test_raw_input_is_resized_alone(make_folder):
    from runner.model_folder import ModelFolder

    image = np.random.default_rng(0).integers(0, 256, (12, 24, 3), dtype=np.uint8)
    array = ModelFolder(make_folder('all')).input.prepare(image).array
    np.testing.assert_array_equal(array, cv2.resize(image, (8, 6))[None])


def test_a_frame_too_large_for_a_graph_of_one_size(make_folder):
    from runner.errors import UserError
    from runner.model_folder import ModelFolder

    taken = ModelFolder(make_folder('detector')).input
    taken.fixed_size = (4, 8)
    assert taken.prepare(np.zeros((20, 40, 3), np.uint8)).array.shape == (1, 3, 4, 8)
    with pytest.raises(UserError, match='became 8x8 pixels, expected at most 8x4,'):
        taken.prepare(np.zeros((40, 40, 3), np.uint8))


@pytest.mark.parametrize('seed', range(5))
def test_polygons_are_filled_as_on_the_workstation(seed):
    from runner.regions import fill

    from mmacnn.datasets.regions import decode_region

    random, size = np.random.default_rng(seed), (60, 80)
    corners = random.integers(0, 60, (5, 2))
    points = corners if seed % 2 else corners + random.uniform(0, 9, (5, 2))
    mask = fill(np.float64(points), size)
    expected = decode_region([np.ravel(points).tolist()], size, '')
    # Beyond rounding to fifths of a pixel, they are the same.
    assert (mask != expected).mean() < 0.01
    box = np.float64([[3, 5], [23, 5], [23, 44], [3, 44]])
    np.testing.assert_array_equal(
        fill(box, size), decode_region([np.ravel(box).tolist()], size, '')
    )
