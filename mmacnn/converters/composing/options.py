# Copyright (c) mmacnn authors. All rights reserved.
"""What may be said of images that are composed."""

from dataclasses import dataclass

from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number, check_range

SMALLEST, LARGEST = 32, 8192  # Sides of an image in pixels.


@dataclass(frozen=True)
class ComposeOptions:
    """How images are composed.

    Args:
        to: 'yolo' (upright boxes), 'yolo-obb' (oriented ones) or 'coco'.
        size: (height, width) of the images; by default the most common one among the
            photographs. A photograph is made as large as covers it, and its objects
            with it.
        objects: Least and largest number of objects on an image; each number in
            between comes equally often.
        decoys: Least and largest number of pieces without an object, which are pasted
            in the same way, so that a seam does not tell an object.
        rotate: Largest turn to either side in degrees; 180 is any.
        scale_range: Least and largest factor of an object's size.
        grabcut: Whether GrabCut looks for the outline of objects that have a box
            alone, so that nothing round them comes along and a turned one's box is
            tight. For objects that stand out from what is round them.
        max_overlap: Fraction of an object that another may hide, 0 for none.
        brightness, gamma: Largest relative change, in [0, 1), of each object and of
            each image.
        blur: Largest sigma of an image's defocus in pixels; an object may get half of
            it before.
        jpeg: Least and largest quality of the files, 1 to 100.
        seed: Another seed makes other images.

    Raises:
        InputError: A value is out of range.
    """

    to: str = 'yolo'
    size: tuple[int, int] | None = None
    objects: tuple[int, int] = (1, 1)
    decoys: tuple[int, int] = (0, 2)
    rotate: float = 15.0
    scale_range: tuple[float, float] = (0.8, 1.25)
    grabcut: bool = False
    max_overlap: float = 0.0
    brightness: float = 0.2
    gamma: float = 0.15
    blur: float = 0.8
    jpeg: tuple[int, int] = (60, 95)
    seed: int = 0

    def __post_init__(self) -> None:
        for side in self.size or ():
            if not SMALLEST <= side <= LARGEST:
                raise InputError(
                    f'--size: found {self.size[0]}x{self.size[1]}, expected sides from '
                    f'{SMALLEST} to {LARGEST} pixels'
                )
        check_range('--objects', self.objects, 0, 1000)
        check_range('--decoys', self.decoys, 0, 1000)
        check_range('--scale-range', self.scale_range, 0.05, 20)
        check_range('--jpeg', self.jpeg, 1, 100)
        check_number('--rotate', self.rotate, 0, 180)
        check_number('--max-overlap', self.max_overlap, 0, 1, below=True)
        check_number('--brightness', self.brightness, 0, 1, below=True)
        check_number('--gamma', self.gamma, 0, 1, below=True)
        check_number('--blur', self.blur, 0, 100)
