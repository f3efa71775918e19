# Copyright (c) mmacnn authors. All rights reserved.
"""Task ``surface-defects``: small damage on metal and cloth, for a detector."""

import numpy as np

from mmacnn.synthetic.camera.devices import SURFACE_TEST_DEVICE, SURFACE_TRAIN_DEVICE
from mmacnn.synthetic.camera.optics import lens
from mmacnn.synthetic.camera.sensor import develop
from mmacnn.synthetic.flat.clutter import add_clutter
from mmacnn.synthetic.flat.defects import DEFECTS, apply_damage, make_damage
from mmacnn.synthetic.flat.materials import make_sheet
from mmacnn.synthetic.flat.relief import light_sheet
from mmacnn.synthetic.label_formats import Instance

CLASSES = tuple(DEFECTS)
DEVICES = {'train': SURFACE_TRAIN_DEVICE, 'test': SURFACE_TEST_DEVICE}

_FAULTLESS = 0.12  # Fraction of images without damage.
_MORE_DEFECTS = 1.6  # Mean number beside the first.
_EDGE = 0.4  # Cover from which a pixel belongs to a defect.
_GAP = 6
_TRIES = 12


def choose_kinds(rng, label):
    """Choose the damage of one image.

    Args:
        rng (np.random.Generator): source of every choice.
        label (int): index into ``CLASSES`` of the first, if there is any.

    Returns:
        list[str]: kinds, often more than one, sometimes none.
    """
    if rng.random() < _FAULTLESS:
        return []
    others = rng.integers(len(CLASSES), size=rng.poisson(_MORE_DEFECTS))
    return [CLASSES[i] for i in (label, *others)]


def damage_sheet(rng, sheet, kinds, style):
    """Damage a sheet in place, each piece apart from the others.

    Args:
        rng (np.random.Generator): source of every choice.
        sheet (Sheet): the piece.
        kinds (Sequence[str]): of ``CLASSES``; what finds no room is left out.
        style (SurfaceStyle): the station.

    Returns:
        list[Instance]: what was done, in order.
    """
    size = sheet.height.shape
    occupied = np.zeros(size, bool)
    instances = []
    for kind in kinds:
        damage = make_damage(rng, kind, sheet)
        contrast = rng.uniform(*style.contrast)
        height, width = damage.cover.shape
        for _ in range(_TRIES):
            if height >= size[0] or width >= size[1]:
                break
            x, y = rng.integers(0, (size[1] - width, size[0] - height))
            window = slice(y, y + height), slice(x, x + width)
            if occupied[window].any():
                continue
            mask = np.zeros(size, bool)
            mask[window] = damage.cover > _EDGE
            apply_damage(sheet, damage, (x, y), contrast)
            instances.append(Instance(CLASSES.index(kind), mask))
            rows = slice(max(y - _GAP, 0), y + height + _GAP)
            occupied[rows, max(x - _GAP, 0) : x + width + _GAP] = True
            break
    return instances


def photograph_surface(seeds, kinds, size, style):
    """One photograph of a piece with the damage that is asked for.

    Args:
        seeds (np.random.SeedSequence): the photograph's own seed.
        kinds (Callable): ``(rng) -> Sequence[str]``, chooses the damage.
        size (tuple[int, int]): image (height, width), pixels.
        style (SurfaceStyle): the device that takes it.

    Returns:
        tuple: BGR uint8 image of shape (height, width, 3) and list[Instance].
    """
    # A stream for each layer: a change in one leaves the others' choices as they are,
    # and the same seed without damage shows the same piece.
    piece, harm, light, camera = map(np.random.default_rng, seeds.spawn(4))
    material = style.materials[piece.integers(len(style.materials))]
    sheet = make_sheet(piece, material, size)
    add_clutter(piece, sheet)
    instances = damage_sheet(harm, sheet, kinds(harm), style)
    image = light_sheet(light, sheet, style)
    blur, motion = light.uniform(*style.blur), light.uniform(*style.motion)
    image = lens(light, image, blur, motion)
    return develop(camera, image, style), instances


def make_surface(seeds, label, size, style):
    """One photograph of a piece, most often damaged.

    Args:
        seeds (np.random.SeedSequence): the photograph's own seed.
        label (int): index into ``CLASSES`` of the first defect, if there is any.
        size (tuple[int, int]): image (height, width), pixels.
        style (SurfaceStyle): the device that takes it.

    Returns:
        tuple: BGR uint8 image of shape (height, width, 3) and list[Instance].
    """
    return photograph_surface(seeds, lambda rng: choose_kinds(rng, label), size, style)
