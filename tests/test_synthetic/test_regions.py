# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.synthetic.camera.optics import lens
from mmacnn.synthetic.camera.sensor import develop
from mmacnn.synthetic.flat.ground import lay_ground
from mmacnn.synthetic.flat.materials import CLOTHS, MATERIALS, make_sheet
from mmacnn.synthetic.flat.parts import Pose, ready_for_parts
from mmacnn.synthetic.flat.relief import light_sheet
from mmacnn.synthetic.flat.small_parts import cap, housing, housing_half, steel
from mmacnn.synthetic.writer import sample_seeds

TASK = TASKS['regions']
CLASSES = TASK.classes
STYLE = TASK.devices['train']
SEAT = 1.9


def draw(index, split='train', size=TASK.size):
    seeds = sample_seeds(0, split, index)
    return TASK.draw(seeds, index % 8, size, TASK.devices[split])


@pytest.fixture(scope='module', params=TASK.devices)
def pictures(request):
    """200 pictures' instances."""
    return [draw(i, request.param)[1] for i in range(200)]


def test_same_seed_same_image():
    (first, ours), (second, theirs), (other, _) = draw(0), draw(0), draw(1)
    assert first.dtype == np.uint8 and first.shape == (*TASK.size, 3)
    np.testing.assert_array_equal(first, second)
    assert [i.label for i in ours] == [i.label for i in theirs]
    assert all((a.mask == b.mask).all() for a, b in zip(ours, theirs, strict=True))
    assert (first != other).mean() > 0.5


def test_the_class_that_is_asked_for_occurs(pictures):
    for index, instances in enumerate(pictures):
        assert index % 8 in [i.label for i in instances]


def test_classes_are_about_as_frequent_as_each_other(pictures):
    labels = [i.label for image in pictures for i in image]
    counts = np.bincount(labels, minlength=8)
    assert counts.min() > 0.5 * counts.max()
    assert counts[4] == counts[5]  # a housing has both


def test_most_pictures_show_several_classes(pictures):
    numbers = np.array([len({i.label for i in image}) for image in pictures])
    # The picture alone doesn't say which region is meant.
    assert (numbers > 1).mean() > 0.95 and numbers.mean() > 3


def test_parts_lie_apart(pictures):
    for image in pictures:
        assert np.sum([i.mask for i in image], axis=0).max() == 1


def test_regions_are_small_and_large(pictures):
    regions = [(i.label, i.mask.mean()) for image in pictures for i in image]
    for label in range(8):
        fractions = np.array(
            [fraction for other, fraction in regions if other == label]
        )
        low, high = (0.08, 0.29) if label < 4 else (0.01, 0.026)
        assert 0.002 < fractions.min() < 0.006 and low < fractions.max() < high
    counts, _ = np.histogram([s for _, s in regions], [0, 0.01, 0.03, 0.1, 0.3])
    assert counts.min() > 20


def test_the_size_of_a_cap_says_nothing_of_its_class(pictures):
    sizes = [
        np.log([i.mask.sum() for image in pictures for i in image if i.label in labels])
        for labels in ((4, 5), (6,), (7,))
    ]
    spread = np.concatenate(sizes).std()
    errors = [spread / np.sqrt(len(s)) for s in sizes]
    means = [s.mean() for s in sizes]
    for a in range(3):
        for b in range(a):
            error = np.hypot(errors[a], errors[b]) * (2**0.5)  # caps come in twos
            assert abs(means[a] - means[b]) < 4 * error


def photograph(sheet):
    """Light, lens and camera of one seed; the blur is the strongest there is."""
    style = TASK.devices['test']
    image = light_sheet(np.random.default_rng(1), sheet, style)
    image = lens(np.random.default_rng(2), image, style.blur[1], style.motion[1])
    return develop(np.random.default_rng(3), image, style)


def paint(ground, radius, on_housing=None):
    """A cap at the same place of a picture, whatever it lies on, and its box."""
    size = (96, 96)
    sheet = ready_for_parts(make_sheet(np.random.default_rng(4), ground, size))
    place = Pose(48.0, 48.0, 0.6)
    if on_housing is not None:
        half = housing_half(radius, SEAT)[0] - (0.25 + SEAT) * radius
        middle = place.moved(half if on_housing == 'outlet' else -half + 1.15 * radius)
        housing(np.random.default_rng(5), sheet, middle, radius, SEAT)
    rng = np.random.default_rng(6)
    mask = cap(rng, sheet, place, radius, steel(rng), SEAT)
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return photograph(sheet), (slice(y, y + height), slice(x, x + width))


@pytest.mark.parametrize('radius', [5, 14])
def test_a_crop_of_a_cap_does_not_tell_its_class(radius):
    button, box = paint('twill', radius)
    plug, _ = paint('brushed', radius)
    inlet, _ = paint('brushed', radius, 'inlet')
    outlet, _ = paint('brushed', radius, 'outlet')
    for other in (plug, inlet, outlet):
        difference = np.abs(button.astype(int) - other).max(2)
        assert np.percentile(difference[box], 95) <= 2 and difference[box].max() < 8
        assert difference.max() > 40


def test_ground_says_where_it_is_cloth():
    joined = 0
    for seed in range(12):
        of_cloth = bool(seed % 2)
        rng = np.random.default_rng(seed)
        sheet, is_cloth = lay_ground(rng, STYLE, (96, 128), of_cloth)
        assert sheet.height.shape == sheet.gloss.shape == is_cloth.shape == (96, 128)
        assert is_cloth.any() if of_cloth else not is_cloth.all()
        if is_cloth.any() and not is_cloth.all():
            joined += 1
            assert 0.2 < is_cloth.mean() < 0.8
            # Metal mirrors the lamp, cloth hardly does.
            cloth, metal = sheet.gloss[is_cloth], sheet.gloss[~is_cloth]
            assert np.median(cloth) < 0.05 <= np.median(metal)
    assert 3 <= joined <= 11


def test_buttons_lie_on_cloth_and_plugs_on_metal():
    for index in (6, 7, 14, 15, 22, 23):
        *_, instances = draw(index)
        seeds = sample_seeds(0, 'train', index).spawn(5)
        ground = np.random.default_rng(seeds[0])
        _, is_cloth = lay_ground(ground, STYLE, TASK.size, index % 8 == 6)
        for instance in instances:
            if instance.label >= 6:
                seat = cv2.dilate(instance.mask.astype(np.uint8), np.ones((5, 5))) > 0
                assert (is_cloth[seat] == (instance.label == 6)).all()


def test_cloths_are_cloth():
    for name in MATERIALS:
        sheet = make_sheet(np.random.default_rng(0), name, (96, 96))
        assert sheet.is_cloth == (name in CLOTHS)


@pytest.mark.parametrize('size', [(96, 96), (128, 240)])
def test_other_sizes(size):
    for index in range(16):
        image, instances = draw(index, 'test', size)
        assert image.shape == (*size, 3)
        assert index % 8 in [i.label for i in instances]


def test_coco_json(tmp_path):
    write_dataset(TASK, tmp_path / 'data', dict(train=8), (96, 128), seed=2)
    coco = COCO(str(tmp_path / 'data' / 'train' / 'annotations.json'))
    assert [c['name'] for c in coco.loadCats(coco.getCatIds())] == list(CLASSES)
    assert {a['category_id'] for a in coco.anns.values()} == set(range(1, 9))
    for annotation in coco.anns.values():
        assert coco.annToMask(annotation).sum() == annotation['area'] > 0
