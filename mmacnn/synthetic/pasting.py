# Copyright (c) mmacnn authors. All rights reserved.
"""Cut an object out of one photograph and paste it into another.

After Dwibedi, Misra and Hebert, *Cut, Paste and Learn*, ICCV 2017: what matters is that
no seam tells where something was pasted, so the ways of blending change at random.

Points are (x, y) in pixels, edge to edge: the centre of the first pixel is (0.5, 0.5).
"""

from dataclasses import dataclass

import cv2
import numpy as np

PAD = 3  # Pixels round a pasted piece that stay as they are.
POISSON_FRACTION = 0.5  # Of the pieces; the others get soft edges.
LEAST_DETAIL = 0.8  # Fraction of its fine contrast that blending must leave.
INPAINT_RADIUS = 10
INPAINT_SIDE = 96  # Larger holes are filled in a smaller image.
CONTEXT = 12  # Pixels round a hole that it is filled from.


@dataclass(frozen=True)
class Piece:
    """An object and what is close round it.

    Args:
        image: (h, w, 3) uint8 BGR.
        mask: (h, w) uint8, 1 on the object.
        offset: (x, y) of the upper left corner in the photograph.
        margin: Pixels round the object that may be blended.
    """

    image: np.ndarray
    mask: np.ndarray
    offset: tuple[int, int]
    margin: float


def cut_out(image: np.ndarray, mask: np.ndarray, margin: float) -> Piece:
    """Cut an object out with a margin, as far as the photograph reaches.

    Args:
        image: (H, W, 3) uint8 BGR.
        mask: (H, W) uint8, 1 on the object, not 0 everywhere.
        margin: Pixels round it.
    """
    rows, columns = surroundings(mask, int(np.ceil(margin)) + 1)
    return Piece(
        image[rows, columns],
        mask[rows, columns],
        (columns.start, rows.start),
        margin,
    )


def surroundings(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Rows and columns of what is not 0, with a margin that ends at the edges.

    Args:
        mask: (H, W) uint8.
        margin: Pixels.
    """
    left, top, wide, high = cv2.boundingRect(mask)
    return (
        slice(max(top - margin, 0), min(top + high + margin, mask.shape[0])),
        slice(max(left - margin, 0), min(left + wide + margin, mask.shape[1])),
    )


def similarity(
    centre: np.ndarray, target: np.ndarray, angle: float, scale: float
) -> np.ndarray:
    """Return the map (2, 3) that turns and scales about a point and moves it.

    Args:
        centre: (x, y), which becomes ``target``.
        target: (x, y).
        angle: Radians, counter-clockwise as seen in the image.
        scale: Above 0.
    """
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([linear, np.asarray(target) - linear @ centre])


def move(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (N, 2) through a map (2, 3)."""
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


def paste(
    canvas: np.ndarray, piece: Piece, matrix: np.ndarray, rng: np.random.Generator
) -> None:
    """Paste a piece in place: by Poisson blending, or with an edge as soft as may be.

    Where the object is cut off by the edge of an image, and where Poisson blending
    would leave little of its detail, its edges are soft.

    Args:
        canvas: (H, W, 3) uint8 BGR.
        piece: What to paste.
        matrix: (2, 3), from points of the photograph to points of the canvas.
        rng: Chooses the way.
    """
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    reach = max(piece.margin * scale, 1.0)
    is_poisson = rng.random() < POISSON_FRACTION
    width = rng.uniform(1.0, reach) if reach > 1 else 1.0
    rows, columns = _place(piece, matrix, canvas.shape[:2])
    below = canvas[rows, columns]
    if not below.size:
        return
    pixels, inside, known = _warp(piece, matrix, scale, rows, columns)
    distance = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    if is_poisson:
        blended = _poisson(below, pixels, inside, known, distance < 0.7 * reach)
        if blended is not None:
            canvas[rows, columns] = blended
            return
    alpha = np.clip(1 - np.maximum(distance - 0.5, 0) / width, 0, 1) * known
    mixed = below + alpha[..., None] * (pixels.astype(np.float32) - below)
    canvas[rows, columns] = np.rint(mixed).astype(np.uint8)


def _place(
    piece: Piece, matrix: np.ndarray, size: tuple[int, int]
) -> tuple[slice, slice]:
    """Rows and columns of the canvas that a piece can change, and some more."""
    high, wide = piece.mask.shape
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)]) + piece.offset
    moved = move(corners, matrix)
    first = np.maximum(np.floor(moved.min(0)).astype(int) - PAD, 0)
    last = np.maximum(np.ceil(moved.max(0)).astype(int) + PAD, 0)
    return (
        slice(first[1], min(last[1], size[0])),
        slice(first[0], min(last[0], size[1])),
    )


def _warp(
    piece: Piece, matrix: np.ndarray, scale: float, rows: slice, columns: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A piece as it lies on a part of the canvas.

    Returns:
        Its pixels (h, w, 3), 1 on the object (h, w), and 1 where the piece has pixels
        (h, w), all uint8.
    """
    shift = np.array([columns.start, rows.start])
    local = matrix.copy()
    local[:, 2] += matrix[:, :2] @ piece.offset - shift
    # OpenCV counts from the centre of the first pixel.
    local[:, 2] += local[:, :2] @ (0.5, 0.5) - 0.5
    size = (columns.stop - columns.start, rows.stop - rows.start)
    image = piece.image
    if scale < 0.9:  # else fine print falls between the pixels
        image = cv2.GaussianBlur(image, (0, 0), 0.5 * np.sqrt(scale**-2 - 1))
    pixels = cv2.warpAffine(
        image, local, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.warpAffine(255 * piece.mask, local, size) >= 128
    known = cv2.warpAffine(np.full_like(piece.mask, 255), local, size) >= 128
    return pixels, inside.astype(np.uint8), known.astype(np.uint8)


def _poisson(
    below: np.ndarray,
    pixels: np.ndarray,
    inside: np.ndarray,
    known: np.ndarray,
    region: np.ndarray,
) -> np.ndarray | None:
    """Blend the gradients, or return None where it cannot be done well."""
    region = region.astype(np.uint8)
    frame = region.copy()
    frame[2:-2, 2:-2] = 0
    if frame.any() or (region & ~known & 1).any() or not region.any():
        return None
    left, top, wide, high = cv2.boundingRect(region)
    centre = (left + wide // 2, top + high // 2)  # which leaves all where it is
    blended = cv2.seamlessClone(pixels, below, 255 * region, centre, cv2.NORMAL_CLONE)
    is_left = _detail_left(pixels, blended, inside) >= LEAST_DETAIL
    return blended if is_left else None


def _detail_left(before: np.ndarray, after: np.ndarray, inside: np.ndarray) -> float:
    """Which fraction of an object's fine contrast blending has left.

    Poisson blending adds what is smooth. Only where levels end at 0 or 255 is detail
    lost, such as bright print on a lamp.
    """
    sigma = max(1.0, np.sqrt(np.count_nonzero(inside)) / 8)
    one, other = (
        (grey - cv2.GaussianBlur(grey, (0, 0), sigma))[inside > 0]
        for image in (before, after)
        for grey in [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)]
    )
    return float(one @ other / max(one @ one, 1e-6))


def remove_objects(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a copy in which what surrounds a mask has grown over it.

    Args:
        image: (H, W, 3) uint8 BGR.
        mask: (H, W) uint8, not 0 on what is to vanish.
    """
    image = image.copy()
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for number, (left, top, wide, high, _) in enumerate(boxes[1:count], start=1):
        factor = min(1.0, INPAINT_SIDE / max(wide, high))
        reach = int(np.ceil(CONTEXT / factor))
        rows = slice(max(top - reach, 0), top + high + reach)
        columns = slice(max(left - reach, 0), left + wide + reach)
        hole = (parts[rows, columns] == number).astype(np.uint8)
        part = image[rows, columns]
        part[hole > 0] = _fill(part, hole, factor)[hole > 0]
    return image


def _fill(part: np.ndarray, hole: np.ndarray, factor: float) -> np.ndarray:
    size = [max(1, round(side * factor)) for side in hole.shape[::-1]]
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    # Any pixel that a hole's edge was mixed into is filled too.
    small_hole = cv2.resize(255 * hole, size, interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, small_hole, INPAINT_RADIUS, cv2.INPAINT_TELEA)
    return cv2.resize(filled, hole.shape[::-1], interpolation=cv2.INTER_LINEAR)


def change_light(image: np.ndarray, gain: float, gamma: float) -> np.ndarray:
    """Brightness and gamma.

    Args:
        image: uint8.
        gain: Factor of the brightness.
        gamma: Exponent; above 1 is darker.
    """
    levels = 255 * np.clip(gain * np.linspace(0, 1, 256) ** gamma, 0, 1)
    return cv2.LUT(image, np.rint(levels).astype(np.uint8))


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Defocus; less than a quarter of a pixel changes nothing."""
    return image if sigma < 0.25 else cv2.GaussianBlur(image, (0, 0), sigma)
