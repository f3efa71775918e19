# Copyright (c) mmacnn authors. All rights reserved.
"""Task ``regions``: several parts a picture, some known by look, some by surroundings.

Washers, nuts, screws and labels differ in look. Inlets, outlets, buttons and plugs are
one and the same cap in a black seat, alike in size too: on a housing it is an inlet at
the end with the light band and an outlet at the other, on cloth a button, on metal a
plug. The seat reaches past the corners of the cap's box, so that a crop says nothing.
"""

from dataclasses import dataclass

import numpy as np

from mmacnn.synthetic.camera.devices import SURFACE_TEST_DEVICE, SURFACE_TRAIN_DEVICE
from mmacnn.synthetic.camera.optics import lens
from mmacnn.synthetic.camera.sensor import develop
from mmacnn.synthetic.flat.ground import lay_ground
from mmacnn.synthetic.flat.parts import Pose, rounded_box
from mmacnn.synthetic.flat.relief import light_sheet
from mmacnn.synthetic.flat.small_parts import (
    cap,
    housing,
    housing_half,
    label,
    ring,
    screw,
    steel,
)
from mmacnn.synthetic.label_formats import Instance

CLASSES = ('washer', 'nut', 'screw', 'label', 'inlet', 'outlet', 'button', 'plug')
DEVICES = {'train': SURFACE_TRAIN_DEVICE, 'test': SURFACE_TEST_DEVICE}

_LOOKS = CLASSES[:4]
_CAPS = CLASSES[6:]
_FRACTIONS = 0.003, 0.25  # Of the image's shorter side squared, of parts known by look.
_OTHER_FRACTIONS = 0.003, 0.08  # Of those that only fill the picture.
_CAP_FRACTIONS = 0.003, 0.023
_LARGE = 0.05  # Fraction from which a part leaves no room for a housing.
_HOUSING_ODDS = 0.45
_SEAT = 1.9  # Its radius against the cap's; a corner of the cap's box lies at 1.42.
_GAP = 3
_TRIES = 15
_LAYOUTS = 40


@dataclass(frozen=True)
class Item:
    """What is to be laid down.

    Args:
        kind (str): of ``CLASSES``, or ``housing`` with an inlet and an outlet.
        half (tuple[float, float]): half sides of its box, along and across, pixels.
        turn (float): radians.
        scale (float): radius, or that of its caps, pixels.
        hole (float): fraction of the radius.
    """

    kind: str
    half: tuple
    turn: float
    scale: float
    hole: float = 0.0

    @property
    def is_round(self):
        """Whether the box stands for the circle in it."""
        return self.half[0] == self.half[1]


def _draw_item(rng, kind, fractions, side):
    """Draw an item's proportions; ``side`` is the image's shorter one, pixels."""
    # The fourth root: small ones are many, and there are enough large ones to count.
    area = rng.uniform(*np.power(fractions, 0.25)) ** 4 * side * side
    turn = rng.uniform(0, 2 * np.pi)
    if kind == 'label':
        aspect = rng.uniform(1.2, 2.2)
        half = np.sqrt(area * aspect) / 2, np.sqrt(area / aspect) / 2
        return Item(kind, half, turn, half[1])
    hole = rng.uniform(0.35, 0.55) if kind in ('washer', 'nut') else 0.0
    radius = np.sqrt(area / np.pi / (1 - hole**2))
    half = {
        'housing': housing_half(radius, _SEAT),
        'button': (_SEAT * radius,) * 2,
        'plug': (_SEAT * radius,) * 2,
    }.get(kind, (radius, radius))
    return Item(kind, half, turn, radius, hole)


def _choose_items(rng, name, materials, side):
    """Choose what must lie on the picture, and what may.

    What caps there are never depends on their size, and none is left out for want of
    room: else the size would tell the classes apart.

    Args:
        name (str): class that must occur.
        materials (Sequence[str]): those of ``_CAPS`` that the ground allows.
        side (int): image's shorter one, pixels.

    Returns:
        tuple[list[Item], list[Item]]: the first is or has what must occur, the others
        follow from the largest.
    """
    kind = name if name in _LOOKS + _CAPS else 'housing'
    fractions = _FRACTIONS if kind in _LOOKS else _CAP_FRACTIONS
    must = [_draw_item(rng, kind, fractions, side)]
    large = kind in _LOOKS and np.prod(must[0].half) > _LARGE * side * side / 4
    if kind != 'housing' and not large and rng.random() < _HOUSING_ODDS:
        must.append(_draw_item(rng, 'housing', _CAP_FRACTIONS, side))
    most = 1 if large or kind in _CAPS else 2
    for _ in range(rng.integers(most + 1)):
        other = materials[rng.integers(len(materials))]
        must.append(_draw_item(rng, other, _CAP_FRACTIONS, side))
    may = [
        _draw_item(rng, _LOOKS[rng.integers(len(_LOOKS))], _OTHER_FRACTIONS, side)
        for _ in range(rng.integers(1, 5))
    ]
    first, *others = must
    others, may = (
        sorted(items, key=lambda item: -np.prod(item.half)) for items in (others, may)
    )
    return [first, *others], may


def _find_room(rng, occupied, barred, item):
    """Find a free place and take it; None after some tries.

    Args:
        rng (np.random.Generator): source of the place.
        occupied (np.ndarray): bool of the image's shape, changed in place.
        barred (np.ndarray): bool of that shape, where else the item must not lie.
        item (Item): what is to lie there.
    """
    a, b = np.array(item.half) + _GAP
    corner = a if item.is_round else _GAP
    cos, sin = abs(np.cos(item.turn)), abs(np.sin(item.turn))
    reach = np.array(
        [a, b] if item.is_round else [a * cos + b * sin, a * sin + b * cos]
    )
    room = np.array(occupied.shape[::-1]) - 2 * reach
    for _ in range(_TRIES if room.min() > 0 else 0):
        place = Pose(*(reach + rng.random(2) * room), item.turn)
        window = place.window(occupied.shape, reach.max())
        footprint = rounded_box(*place.grid(window), (a, b), corner) > 0
        if not ((occupied[window] | barred[window]) & footprint).any():
            occupied[window] |= footprint
            return place
    return None


def _arrange(rng, must, may, is_cloth):
    """Choose places: a list of (item, place), all of ``must`` and some of ``may``."""
    barred = {'button': ~is_cloth, 'plug': is_cloth}
    nowhere = np.zeros_like(is_cloth)
    for _ in range(_LAYOUTS):
        occupied = np.zeros_like(is_cloth)
        places = [
            _find_room(rng, occupied, barred.get(i.kind, nowhere), i) for i in must
        ]
        if None not in places:
            break
    places += [_find_room(rng, occupied, nowhere, item) for item in may]
    return [pair for pair in zip(must + may, places, strict=True) if pair[1]]


def _lay_item(rng, sheet, item, place):
    """Paint an item in place; a list of (class, mask)."""
    kind, size = item.kind, item.scale
    if kind == 'housing':
        masks = housing(rng, sheet, place, size, _SEAT)
        return list(zip(('inlet', 'outlet'), masks, strict=True))
    if kind == 'label':
        return [(kind, label(rng, sheet, place, item.half))]
    finish = steel(rng)
    if kind in _CAPS:
        return [(kind, cap(rng, sheet, place, size, finish, _SEAT))]
    if kind == 'screw':
        return [(kind, screw(rng, sheet, place, size, finish, rng.random() < 0.5))]
    mask = ring(rng, sheet, place, size, item.hole, finish, hexagonal=kind == 'nut')
    return [(kind, mask)]


def make_regions(seeds, label, size, style):
    """One photograph of several parts on cloth, on metal or on both.

    Args:
        seeds (np.random.SeedSequence): the photograph's own seed.
        label (int): index into ``CLASSES`` of one that occurs.
        size (tuple[int, int]): image (height, width), pixels.
        style (SurfaceStyle): the device that takes it.

    Returns:
        tuple: BGR uint8 image of shape (height, width, 3) and list[Instance].
    """
    # A stream for each layer: a change in one leaves the others' choices as they are.
    ground, layout, paint, light, camera = map(np.random.default_rng, seeds.spawn(5))
    name = CLASSES[label]
    of_cloth = name == 'button' or (name != 'plug' and ground.random() < 0.5)
    sheet, is_cloth = lay_ground(ground, style, size, of_cloth)
    grounds = [
        kind
        for kind, bare in zip(_CAPS, (is_cloth, ~is_cloth), strict=True)
        if bare.any()
    ]
    must, may = _choose_items(layout, name, grounds, min(size))
    instances = []
    for item, place in _arrange(layout, must, may, is_cloth):
        for kind, mask in _lay_item(paint, sheet, item, place):
            instances.append(Instance(CLASSES.index(kind), mask))
    image = light_sheet(light, sheet, style)
    blur, motion = light.uniform(*style.blur), light.uniform(*style.motion)
    image = lens(light, image, blur, motion)
    return develop(camera, image, style), instances
