# Copyright (c) mmacnn authors. All rights reserved.
"""Task ``anomaly``: parts of one kind, good and damaged, for learning from good ones.

A turned flange lies on a dark mat, at a station that stays as it is: the same mat, one
diffuse lamp, a camera with fixed settings. Good pictures differ by a little play in how
the part lies, by the metal's grain, and by what is left of changes of the light.
"""

import cv2
import numpy as np

from mmacnn.synthetic.camera.devices import FLANGE_DEVICE
from mmacnn.synthetic.camera.optics import lens
from mmacnn.synthetic.camera.sensor import develop
from mmacnn.synthetic.flat.defects import DEFECTS, apply_damage, enlarged, make_damage
from mmacnn.synthetic.flat.materials import make_sheet, unit_noise
from mmacnn.synthetic.flat.parts import (
    Finish,
    Pose,
    bevelled,
    disc,
    lay,
    ready_for_parts,
)
from mmacnn.synthetic.flat.relief import light_sheet
from mmacnn.synthetic.label_formats import Instance

KINDS = tuple(DEFECTS)
CLASSES = ('good', *KINDS)
DEVICES = {'train': FLANGE_DEVICE, 'test': FLANGE_DEVICE}
CYCLES = {'train': (0,), 'test': (0,) * len(KINDS) + tuple(range(1, len(CLASSES)))}

_WORLD_SIDE = 256  # Lengths below are pixels of a picture of this height and width.
_RADIUS = 98
_BORE, _BOLT_CIRCLE, _BOLT, _NUM_BOLTS = 30, 72, 9, 6
_GROOVE = 50
_PLAY = 3.0  # Largest shift of the part along x and y.
_TURN = 0.12  # Largest turn, radians.
_ENLARGED = 2.5  # Against the damage of sheets that are looked at from nearer.
_MAT = 0.12  # Mean fraction of light that the mat returns.
_MAT_SEED = 5
_EDGE = 0.4  # Cover from which a pixel belongs to a defect.
_TRIES = 200


def _mat(material, size):
    """The station's mat: the same dark piece in every picture."""
    rng = np.random.default_rng(_MAT_SEED)
    sheet = ready_for_parts(make_sheet(rng, material, size))
    sheet.albedo *= np.float32(_MAT) / sheet.albedo.mean((0, 1))
    return sheet


def _turned_tone(rng, away, angle, scale):
    """Brightness of a face turned on a lathe: marks all the way round, a double fan."""
    steps = int(away.max() * 2) + 4
    marks = unit_noise(rng, (1, steps), 1.6 * scale, 0.1)[0]
    marks = np.interp(away * 2, np.arange(steps), marks).astype(np.float32)
    fan = np.cos(2 * (angle - np.float32(rng.normal(0.9, 0.05))))
    return 1 + np.float32(rng.uniform(0.025, 0.045)) * marks + np.float32(0.1) * fan


def draw_flange(rng, sheet, scale):
    """Lay the part on the mat in place.

    Args:
        rng (np.random.Generator): source of how it lies and of its grain.
        sheet (Sheet): the mat, its gloss an array.
        scale (float): image pixels per pixel of a 256x256 picture.

    Returns:
        np.ndarray: bool of the sheet's shape, the pixels of the part.
    """
    middle = np.array(sheet.height.shape[::-1]) / 2
    x, y = middle + rng.uniform(-_PLAY, _PLAY, 2) * scale
    place = Pose(x, y, rng.uniform(-_TURN, _TURN))
    window = place.window(sheet.height.shape, (_RADIUS + 4) * scale)
    u, v = place.grid(window)
    inside = disc(u, v, _RADIUS * scale)
    inside = np.minimum(inside, -disc(u, v, _BORE * scale))
    for k in range(_NUM_BOLTS):
        angle = 2 * np.pi * k / _NUM_BOLTS
        at = _BOLT_CIRCLE * scale * np.array([np.cos(angle), np.sin(angle)], np.float32)
        inside = np.minimum(inside, -disc(u - at[0], v - at[1], _BOLT * scale))
    away = cv2.magnitude(u, v)
    groove = np.exp(-0.5 * np.square((away / np.float32(scale) - _GROOVE) / 1.6))
    height = bevelled(inside, 4.0 * scale, 3.0 * scale) - 1.5 * scale * groove
    finish = Finish(np.full(3, rng.uniform(0.5, 0.54)), 0.25, grain=0.025)
    mask = lay(rng, sheet, window, inside, height, finish)
    tone = _turned_tone(rng, away, np.arctan2(v, u), scale) * (1 - 0.25 * groove)
    cover = np.clip(inside + 0.5, 0, 1)
    sheet.albedo[window] *= (1 + cover * (tone - 1))[..., None]
    return mask


def damage_part(rng, sheet, part, kind, style, scale):
    """Damage the part in place, once.

    Args:
        rng (np.random.Generator): source of every choice.
        sheet (Sheet): with the part on it.
        part (np.ndarray): bool of the sheet's shape, its pixels.
        kind (str): one of ``KINDS``.
        style (SurfaceStyle): the station.
        scale (float): image pixels per pixel of a 256x256 picture.

    Returns:
        np.ndarray: bool of the sheet's shape, the damaged pixels, all on the part.
    """
    # A large stain may find no room between the holes: then another one is drawn.
    while True:
        damage = enlarged(make_damage(rng, kind, sheet), _ENLARGED * scale)
        damaged = damage.cover > _EDGE
        height, width = damaged.shape
        room = part.shape[1] - width, part.shape[0] - height
        for _ in range(_TRIES if min(room) > 0 else 0):
            x, y = rng.integers(0, room)
            window = slice(y, y + height), slice(x, x + width)
            if part[window][damaged].all():
                apply_damage(sheet, damage, (x, y), rng.uniform(*style.contrast))
                mask = np.zeros_like(part)
                mask[window] = damaged
                return mask


def make_part(seeds, label, size, style):
    """One photograph of a flange.

    Args:
        seeds (np.random.SeedSequence): the photograph's own seed.
        label (int): index into ``CLASSES``.
        size (tuple[int, int]): image (height, width), pixels.
        style (SurfaceStyle): the device that takes it.

    Returns:
        tuple: BGR uint8 image of shape (height, width, 3) and list[Instance], empty or
        of the one defect.
    """
    # A stream for each layer: the same seed with and without damage is the same part.
    piece, harm, light, camera = map(np.random.default_rng, seeds.spawn(4))
    scale = min(size) / _WORLD_SIDE
    sheet = _mat(style.materials[0], size)
    part = draw_flange(piece, sheet, scale)
    instances = []
    if label:
        mask = damage_part(harm, sheet, part, CLASSES[label], style, scale)
        instances = [Instance(label, mask)]
    image = light_sheet(light, sheet, style)
    blur, motion = light.uniform(*style.blur), light.uniform(*style.motion)
    image = lens(light, image, blur, motion)
    return develop(camera, image, style), instances
