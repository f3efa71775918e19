# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest

from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.synthetic.flat.defects import enlarged, make_damage
from mmacnn.synthetic.flat.materials import make_sheet
from mmacnn.synthetic.flat.parts import ready_for_parts
from mmacnn.synthetic.tasks.anomaly import KINDS, damage_part, draw_flange
from mmacnn.synthetic.writer import sample_seeds

TASK = TASKS['anomaly']
STYLE = TASK.devices['test']
COUNTS = {'train': 3, 'test': 16}
SIZE = (96, 128)


def draw(index, label, size=SIZE):
    return TASK.draw(sample_seeds(0, 'test', index), label, size, STYLE)


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('written') / 'data'
    write_dataset(TASK, root, COUNTS, SIZE, seed=3)
    return root


def test_layout_is_that_of_mvtec(written):
    folders = {str(p.relative_to(written)) for p in written.rglob('*') if p.is_dir()}
    assert folders == {'train', 'train/good', 'test', 'test/good', 'ground_truth'} | {
        f'{above}/{kind}' for above in ('test', 'ground_truth') for kind in KINDS
    }
    assert len(list(written.glob('train/good/*.png'))) == 3
    # Half of the test images are good, the kinds of damage fraction the rest.
    numbers = {p.name: len(list(p.iterdir())) for p in written.glob('test/*')}
    assert numbers == {'good': 8} | {kind: 2 for kind in KINDS}
    assert (written / 'classes.txt').read_text().split() == ['good', *KINDS]


def test_every_defective_image_has_its_mask_and_no_good_one_has(written):
    defective = {p for p in written.glob('test/*/*.png') if p.parent.name != 'good'}
    for path in defective:
        mask = written / 'ground_truth' / path.parent.name / f'{path.stem}_mask.png'
        mask = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
        assert mask.shape == cv2.imread(str(path)).shape[:2] == SIZE
        assert set(np.unique(mask)) == {0, 255}
    assert len(list(written.glob('ground_truth/*/*'))) == len(defective)


def test_images_are_stored_as_they_were_drawn(written):
    image, _ = TASK.draw(sample_seeds(3, 'train', 1), 0, SIZE, STYLE)
    stored = cv2.imread(str(written / 'train' / 'good' / 'train_000001.png'))
    np.testing.assert_array_equal(stored, image)


def test_writing_is_quiet(tmp_path, capfd):
    write_dataset(TASK, tmp_path / 'data', {'train': 1, 'test': 1}, SIZE, seed=0)
    # OpenCV warns on the terminal of parameters that are another format's.
    assert 'WARN' not in capfd.readouterr().err


def test_same_seed_same_image():
    (first, ours), (second, theirs), (other, _) = draw(0, 1), draw(0, 1), draw(1, 1)
    assert first.dtype == np.uint8 and first.shape == (*SIZE, 3)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(ours[0].mask, theirs[0].mask)
    assert (first != other).mean() > 0.5


@pytest.mark.parametrize('label', range(1, 5))
def test_damage_shows_where_its_mask_is(label):
    shown = []
    for index in range(8):
        image, (instance,) = draw(index, label, (224, 224))
        good, none = draw(index, 0, (224, 224))
        assert none == [] and instance.label == label
        change = np.abs(image.astype(int) - good).max(2)
        near = cv2.dilate(instance.mask.astype(np.uint8), np.ones((25, 25))) > 0
        assert change[~near].max() <= 1  # rounding
        shown.append(np.percentile(change[instance.mask], 75))
        assert 20 < instance.mask.sum() < 0.1 * instance.mask.size
    assert np.median(shown) > 25 and min(shown) > 10


@pytest.mark.parametrize('size', [(96, 96), (160, 256)])
def test_damage_lies_on_the_part(size):
    rng = np.random.default_rng(0)
    for kind in KINDS * 4:
        sheet = ready_for_parts(make_sheet(rng, 'twill', size))
        part = draw_flange(rng, sheet, min(size) / 256)
        mask = damage_part(rng, sheet, part, kind, STYLE, min(size) / 256)
        assert mask.any() and part[mask].all()


def test_good_images_are_alike():
    good = np.stack([draw(i, 0)[0] for i in range(12)]).astype(float).mean(3)
    apart = np.abs(good - good.mean(0)).mean()
    assert 1 < apart < 0.15 * good.mean()
    assert good.mean((1, 2)).std() < 0.06 * good.mean()


def test_the_flange_keeps_off_the_border():
    rng = np.random.default_rng(1)
    for _ in range(20):
        sheet = ready_for_parts(make_sheet(rng, 'rolled', SIZE))
        part = draw_flange(rng, sheet, min(SIZE) / 256)
        assert 0.2 < part.mean() < 0.5
        border = np.ones(SIZE, bool)
        border[2:-2, 2:-2] = False
        assert not part[border].any()


def test_enlarged():
    rng = np.random.default_rng(0)
    damage = make_damage(rng, 'dent', make_sheet(rng, 'rolled', SIZE))
    large = enlarged(damage, 2)
    assert large.cover.shape == tuple(2 * side for side in damage.cover.shape)
    assert large.tint.shape == (*large.cover.shape, 3)
    area = (damage.cover > 0.4).sum()
    assert (large.cover > 0.4).sum() == pytest.approx(4 * area, rel=0.1)
    assert np.abs(large.height).max() == pytest.approx(
        2 * np.abs(damage.height).max(), rel=0.05
    )
