# Copyright (c) mmacnn authors. All rights reserved.
"""Boxes, crops and samplers on any input that their docstrings allow."""

from collections import Counter

import numpy as np
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mmacnn.datasets import ClassBalancedSampler, LabelledFractionSampler
from mmacnn.datasets.analysis.yolo import recommend_roi
from mmacnn.datasets.anomaly_folder import choose_held_out
from mmacnn.datasets.regions import decode_region
from mmacnn.datasets.transforms import (
    CropToRegion,
    RandomAffine,
    RandomRegionCrop,
    RegionResize,
)
from mmacnn.datasets.transforms.affine import affine_matrix, warp_boxes
from mmacnn.datasets.yolo_roi import choose_boxes
from mmacnn.evaluation import RoILocalizationMetric
from mmacnn.inference.regions import box_region
from mmacnn.ops.roi_sampling import roi_box, sample_roi, sample_roi_separable
from mmacnn.ops.soft_argmax import soft_argmax

seeds = st.integers(0, 2**32 - 1)
few = st.integers(1, 12)
pairs = st.tuples(few, few)
sizes = st.tuples(st.integers(1, 60), st.integers(1, 60))
points = st.lists(st.tuples(st.floats(-3, 4), st.floats(-3, 4)), min_size=1, max_size=3)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@given(points, sizes, pairs, pairs, seeds)
def test_both_samplers_of_the_roi(centres, image_size, roi_size, output_size, seed):
    """They agree, and what they give lies between the image's values and 0."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(len(centres), 2, *image_size, generator=generator).double()
    arguments = image, tensor(centres), roi_size, output_size
    found, other = sample_roi(*arguments), sample_roi_separable(*arguments)
    assert found.shape == (len(centres), 2, *output_size)
    assert found.isfinite().all()
    assert found.min() >= -1e-9
    assert found.max() <= image.max() + 1e-9
    torch.testing.assert_close(found, other, atol=1e-6, rtol=1e-6)


@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1, max_size=3),
    sizes,
    pairs,
)
def test_centres_far_away(centres, image_size, roi_size):
    """Any finite centre: nothing of the image is seen, and nothing is NaN."""
    for dtype in (torch.float32, torch.float64):
        image = torch.ones(len(centres), 1, *image_size, dtype=dtype)
        place = torch.tensor(centres, dtype=dtype)
        for sample in (sample_roi, sample_roi_separable):
            found = sample(image, place, roi_size, (2, 3))
            assert found.isfinite().all()
            assert ((found > -1e-3) & (found < 1.001)).all()


@given(points, sizes, pairs)
def test_corners_of_the_roi(centres, image_size, roi_size):
    box = roi_box(tensor(centres), roi_size, image_size)
    width, height = (box[:, 2:] - box[:, :2]).T
    torch.testing.assert_close(width, torch.full_like(width, roi_size[1]))
    torch.testing.assert_close(height, torch.full_like(height, roi_size[0]))


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 2), few, few),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    ),
    st.one_of(st.none(), st.integers(0, 3)),
)
def test_centre_of_any_heat_map(logits, window):
    centre, heat = soft_argmax(torch.tensor(logits), window)
    assert centre.isfinite().all()
    assert ((centre > 0) & (centre < 1)).all()
    torch.testing.assert_close(heat.sum((1, 2)), torch.ones(len(logits)))


@st.composite
def images_with_boxes(draw, most=3):
    """``img`` of some size, and boxes in it."""
    height, width = draw(sizes)
    boxes = []
    for _ in range(draw(st.integers(0, most))):
        xs = sorted(draw(st.tuples(st.floats(0, width), st.floats(0, width))))
        ys = sorted(draw(st.tuples(st.floats(0, height), st.floats(0, height))))
        boxes.append((xs[0], ys[0], xs[1], ys[1]))
    return dict(
        img=np.zeros((height, width, 3), np.uint8),
        gt_bboxes=np.array(boxes, np.float32).reshape(-1, 4),
    )


@given(
    images_with_boxes(),
    st.floats(0, 1),
    st.floats(0.01, 1),
    st.floats(0, 180),
    st.floats(0, 45),
    seeds,
)
def test_affine_keeps_small_boxes_inside(
    results, translate, scale, rotate, shear, seed
):
    height, width = results['img'].shape[:2]
    before = results['gt_bboxes'].copy()
    np.random.seed(seed)
    warp = RandomAffine(translate, (scale, 1 / scale), rotate, shear)
    results = warp(results)
    boxes = results['gt_bboxes']
    assert boxes.shape == before.shape
    assert np.isfinite(boxes).all()
    assert (boxes[:, 2:] >= boxes[:, :2]).all()
    assert results['img'].shape == (height, width, 3)
    if len(boxes):
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        slack = 1e-3 * max(height, width, *np.abs(boxes).ravel())
        fits = high - low <= (width, height)
        assert (~fits | (low >= -slack)).all()
        assert (~fits | (high <= np.array((width, height)) + slack)).all()


@given(sizes, st.floats(0.01, 100), st.floats(-360, 360), st.floats(-45, 45))
def test_affine_map_of_a_box_that_is_a_point(size, scale, rotate, shear):
    matrix = affine_matrix(size, scale, rotate, shear)
    centre = np.array([[size[1] / 2, size[0] / 2] * 2], np.float32)
    np.testing.assert_allclose(warp_boxes(centre, matrix), centre, atol=1e-3)


@st.composite
def images_with_regions(draw):
    """``img`` of some size, and a mask of one pixel or more."""
    height, width = draw(sizes)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(1, 3))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        down, right = draw(st.integers(1, 9)), draw(st.integers(1, 60))
        mask[top : top + down, left : left + right] = 1
    return dict(img=np.zeros((height, width, 3), np.uint8), gt_seg_map=mask)


THIN = np.array([[0], [0], [1]], np.uint8)


@given(images_with_regions(), sizes, st.floats(0, 1), st.floats(0.01, 1), seeds)
@example(dict(img=np.zeros((3, 1, 3), np.uint8), gt_seg_map=THIN), (1, 2), 0, 1, 0)
def test_crops_keep_some_of_the_region(results, size, area, aspect, seed):
    np.random.seed(seed)
    crop = RandomRegionCrop(size, (area, 1), (aspect, 1 / aspect))
    for change in (crop, RegionResize(size)):
        found = change({key: value.copy() for key, value in results.items()})
        assert found['img'].shape == (*size, 3)
        assert found['gt_seg_map'].shape == size == tuple(found['img_shape'])
        assert found['gt_seg_map'].any()


@given(images_with_regions(), st.floats(0, 1e9))
def test_crop_to_a_region(results, margin):
    whole = results['gt_seg_map'].sum()
    found = CropToRegion(margin)(results)
    assert found['gt_seg_map'].sum() == whole
    assert found['img'].shape[:2] == found['gt_seg_map'].shape


@given(st.lists(st.floats(-60, 60), min_size=4, max_size=4))
def test_box_of_the_command_line(box):
    try:
        mask = decode_region(box_region(box), (24, 32), 'here')
    except ValueError:
        return
    assert mask.any()


labels = st.lists(st.integers(0, 5), min_size=1, max_size=60)


@given(labels, st.floats(0, 1), st.floats(0, 1), seeds)
def test_boxes_that_are_kept(class_ids, one, other, seed):
    less, more = sorted((one, other))
    some = choose_boxes(class_ids, less, seed)
    assert set(some) <= set(choose_boxes(class_ids, more, seed))
    assert len(some) == max(int(less * len(class_ids) + 0.5), less > 0)
    assert len(set(some)) == len(some)
    every = choose_boxes(class_ids, 1, seed)
    assert every.tolist() == list(range(len(class_ids)))


class Labelled:
    """A data set of classes and boxes."""

    def __init__(self, class_ids):
        self.class_ids = class_ids

    def __len__(self):
        return len(self.class_ids)

    def get_data_info(self, index):
        label = self.class_ids[index]
        return dict(gt_label=label, gt_bboxes=np.zeros((int(label == 0), 4)))


@given(labels, st.one_of(st.none(), st.integers(1, 99)), seeds, st.integers(0, 9))
def test_sampler_of_classes(class_ids, num_samples, seed, epoch):
    sampler = ClassBalancedSampler(Labelled(class_ids), num_samples, seed)
    sampler.set_epoch(epoch)
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == (num_samples or len(class_ids))
    assert set(drawn) <= set(range(len(class_ids)))
    assert drawn == list(sampler)


@given(labels, st.floats(0, 0.98), seeds, st.integers(0, 9))
def test_sampler_of_boxes(class_ids, fraction, seed, epoch):
    sampler = LabelledFractionSampler(Labelled(class_ids), fraction, seed=seed)
    sampler.set_epoch(epoch)
    drawn = list(sampler)
    assert len(drawn) == len(sampler)
    assert set(drawn) == set(range(len(class_ids)))
    counts = Counter(class_ids[index] == 0 for index in drawn)
    if 0 in class_ids:
        assert counts[True] >= fraction * len(drawn) - 1e-6
        # No more than it takes: without the last repetition there were too few.
        extra = len(drawn) - len(class_ids)
        assert not extra or counts[True] - 1 < fraction * (len(drawn) - 1) + 1e-6


@given(st.lists(st.text(min_size=1), unique=True, max_size=30), st.floats(0, 0.999))
def test_images_that_are_held_out(names, fraction):
    assume(all(name.isprintable() for name in names))
    chosen = choose_held_out(names, fraction)
    assert chosen <= set(names)
    assert chosen == choose_held_out(names[::-1], fraction)
    if fraction and len(names) > 1:
        assert 0 < len(chosen) < len(names)


@given(
    arrays.arrays(
        np.float64, st.tuples(few, st.just(2)), elements=st.floats(0.01, 5000)
    ),
    st.tuples(st.integers(8, 5000), st.integers(8, 5000)),
)
def test_size_of_the_roi_that_is_recommended(objects, input_size):
    objects = np.minimum(objects, input_size[::-1])
    roi, output = recommend_roi(objects, input_size)
    assert all(0 < side <= whole for side, whole in zip(roi, input_size, strict=True))
    assert all(side > 0 for side in output)


@given(images_with_boxes(most=1), st.lists(st.floats(-99, 99), min_size=2, max_size=2))
def test_metric_of_the_roi(results, place):
    box = results['gt_bboxes']
    sample = dict(
        gt_bboxes=box,
        pred_roi=np.array([*place, place[0] + 8, place[1] + 6]),
        ori_shape=results['img'].shape[:2],
    )
    metric = RoILocalizationMetric()
    metric.process({}, [sample])
    found = metric.compute_metrics(metric.results)
    assert all(np.isfinite(value) for value in found.values()) or not len(box)
