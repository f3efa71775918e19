# Copyright (c) mmacnn authors. All rights reserved.
"""Task ``defect-folders``: good and defective metal and cloth, labels for whole images.

The surfaces and the damage are those of ``surface-defects``.
"""

from .surface_defects import CLASSES as KINDS
from .surface_defects import photograph_surface

CLASSES = ('good', 'defective')

_MORE_DEFECTS = 1.0  # Mean number beside the first.


def choose_kinds(rng):
    """Choose the damage of a defective image: kinds, at least one."""
    return [
        KINDS[i] for i in rng.integers(len(KINDS), size=1 + rng.poisson(_MORE_DEFECTS))
    ]


def choose_none(rng):
    """Leave a good image as it is."""
    return []


def make_sample(seeds, label, size, style):
    """One photograph of a good or a defective piece.

    Args:
        seeds (np.random.SeedSequence): the photograph's own seed.
        label (int): index into ``CLASSES``.
        size (tuple[int, int]): image (height, width), pixels.
        style (SurfaceStyle): the device that takes it.

    Returns:
        tuple: BGR uint8 image of shape (height, width, 3) and list[Instance].
    """
    kinds = choose_kinds if label else choose_none
    while True:
        image, instances = photograph_surface(seeds.spawn(1)[0], kinds, size, style)
        # A large stain may find no room on a small image.
        if bool(instances) == bool(label):
            return image, instances
