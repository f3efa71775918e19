# Copyright (c) mmacnn authors. All rights reserved.
from dataclasses import fields

import cv2
import numpy as np
import pytest

from mmacnn.synthetic.camera.devices import SurfaceStyle
from mmacnn.synthetic.flat.clutter import add_clutter
from mmacnn.synthetic.flat.defects import DEFECTS, apply_damage, make_damage
from mmacnn.synthetic.flat.materials import MATERIALS, Sheet, make_sheet
from mmacnn.synthetic.tasks.surface_defects import (
    CLASSES,
    DEVICES,
    choose_kinds,
    damage_sheet,
    make_surface,
    photograph_surface,
)

SIZE = (320, 320)
SMALL = (96, 128)


def seeds(index):
    return np.random.SeedSequence([7, index])


def draw(index, split='train', size=SMALL):
    return make_surface(seeds(index), index % 4, size, DEVICES[split])


@pytest.fixture(scope='module')
def annotations():
    """Defects of 200 sheets for each device; the material plays no part in them."""

    def damage(index, style):
        rng = np.random.default_rng(index)
        blank = np.zeros(SIZE, np.float32)
        sheet = Sheet(blank, cv2.merge([blank] * 3), 0.0, 0.0, is_cloth=False)
        return damage_sheet(rng, sheet, choose_kinds(rng, index % 4), style)

    return {s: [damage(i, style) for i in range(200)] for s, style in DEVICES.items()}


def test_same_seed_same_image():
    (first, ours), (second, theirs), (other, _) = draw(0), draw(0), draw(1)
    assert first.dtype == np.uint8 and first.shape == (*SMALL, 3)
    np.testing.assert_array_equal(first, second)
    assert [i.label for i in ours] == [i.label for i in theirs]
    assert all((a.mask == b.mask).all() for a, b in zip(ours, theirs, strict=True))
    assert (first != other).mean() > 0.5


def test_global_random_state_plays_no_part():
    np.random.seed(1)
    first = draw(0)[0]
    np.random.seed(2)
    before = np.random.get_state()[1].copy()
    np.testing.assert_array_equal(first, draw(0)[0])
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize('split', DEVICES)
def test_most_defects_are_small(annotations, split):
    instances = [i for image in annotations[split] for i in image]
    areas = np.array([i.mask.sum() for i in instances])
    boxes = np.array([i.box[2] * i.box[3] for i in instances])
    assert areas.min() >= 10
    for sizes in (areas, boxes):  # COCO's limit of small
        assert 0.8 < (sizes < 32 * 32).mean() < 1
    counts = np.bincount([i.label for i in instances], minlength=4)
    assert counts.min() > 0.15 * len(instances)


@pytest.mark.parametrize('split', DEVICES)
def test_some_images_are_without_defects_and_some_have_many(annotations, split):
    numbers = np.array([len(image) for image in annotations[split]])
    assert 0.04 < (numbers == 0).mean() < 0.25
    assert 1.5 < numbers.mean() < 3.5 and numbers.max() >= 5


def test_defects_lie_apart(annotations):
    for image in annotations['train']:
        count = sum((i.mask.astype(int) for i in image), np.zeros(SIZE, int))
        assert count.max() <= 1


def test_the_first_defect_is_of_the_class_that_is_asked_for(annotations):
    labels = [image[0].label for image in annotations['train'] if image]
    asked = [i % 4 for i, image in enumerate(annotations['train']) if image]
    assert np.mean(np.equal(labels, asked)) > 0.95  # few find no room


def contrast(image, blank, mask):
    """Change of the picture in a defect against the grain round it, in deviations."""
    change = np.abs(image.astype(float) - blank).max(2)
    grain = np.abs(np.diff(blank.astype(float).mean(2), axis=0)).mean() + 1
    return np.percentile(change[mask], 75) / grain


@pytest.mark.parametrize('split', DEVICES)
@pytest.mark.parametrize('kind', CLASSES)
def test_defects_show_where_their_mask_is_and_nowhere_else(split, kind):
    seen = []
    for index in range(8):
        image, instances = photograph_surface(
            seeds(index), lambda rng: [kind], (160, 160), DEVICES[split]
        )
        blank, none = photograph_surface(
            seeds(index), lambda rng: [], (160, 160), DEVICES[split]
        )
        assert none == []
        (instance,) = instances
        seen.append(contrast(image, blank, instance.mask))
        x, y, width, height = instance.box
        far = np.ones((160, 160), bool)
        far[max(y - 9, 0) : y + height + 9, max(x - 9, 0) : x + width + 9] = False
        difference = image[far].astype(int) - blank[far]
        assert np.abs(difference).max() <= 1  # rounding
    # A defect that cannot be seen would be noise in the labels.
    assert np.median(seen) > 3.5 and min(seen) > 1


@pytest.mark.parametrize('material', MATERIALS)
def test_materials(material):
    sheet = make_sheet(np.random.default_rng(0), material, SMALL)
    assert sheet.height.shape == SMALL and sheet.albedo.shape == (*SMALL, 3)
    assert sheet.height.dtype == sheet.albedo.dtype == np.float32
    assert 0 < sheet.albedo.mean() < 1 and sheet.albedo.std() > 0.01
    assert sheet.is_cloth == (material in ('plain', 'twill', 'knit'))
    before = sheet.albedo.copy()
    for seed in range(6):
        add_clutter(np.random.default_rng(seed), sheet)
    assert np.isfinite(sheet.albedo).all() and np.isfinite(sheet.height).all()
    assert (before != sheet.albedo).any()


@pytest.mark.parametrize('kind', DEFECTS)
def test_damage_lies_within_its_canvas(kind):
    rng = np.random.default_rng(0)
    sheet = make_sheet(rng, 'blasted', SIZE)
    for _ in range(30):
        damage = make_damage(rng, kind, sheet)
        assert damage.cover.shape == damage.height.shape == damage.tint.shape[:2]
        assert damage.cover.min() >= 0 and 0.9 < damage.cover.max() <= 1
        border = np.ones(damage.cover.shape, bool)
        border[1:-1, 1:-1] = False
        assert damage.cover[border].max() < 0.4  # the mask's threshold
        before = sheet.height.copy(), sheet.albedo.copy()
        apply_damage(sheet, damage, (5, 7))
        changed = (sheet.height != before[0]) | (sheet.albedo != before[1]).any(2)
        rows, columns = np.nonzero(changed)
        height, width = damage.cover.shape
        assert rows.min() >= 7 and rows.max() < 7 + height
        assert columns.min() >= 5 and columns.max() < 5 + width


def test_a_small_image_leaves_out_what_finds_no_room():
    style = DEVICES['train']
    many = ['stain'] * 40
    _, instances = photograph_surface(seeds(0), lambda rng: many, (96, 96), style)
    assert 0 < len(instances) < 40


def test_devices_differ():
    images = {s: [draw(i, s)[0] for i in range(24)] for s in DEVICES}
    tint = {}
    for split, pictures in images.items():
        blue, _, red = np.stack(pictures).astype(float).mean((0, 1, 2))
        tint[split] = red / blue
    assert tint['test'] > 1.1 * tint['train']


def test_ranges_of_a_device_are_in_order():
    for device in DEVICES.values():
        for field in fields(SurfaceStyle):
            value = getattr(device, field.name)
            if field.name == 'materials':
                assert set(value) <= set(MATERIALS)
                continue
            for low, high in value if field.name == 'white_balance' else [value]:
                assert low <= high, field.name
