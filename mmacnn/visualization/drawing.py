# Copyright (c) mmacnn authors. All rights reserved.
"""Drawing on RGB pictures with OpenCV and Pillow.

The pictures are drawn at their final size, so that lines and letters stay legible on
images of any size. mmengine's drawing functions go through a matplotlib figure of the
image's own size, and take about twice the time.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from mmacnn.ops import sample_roi
from mmacnn.utils.text import printable

Colour = tuple[int, int, int]
LONGEST = 300  # Characters of a line; more are never seen.


@lru_cache
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """The sans-serif font that comes with matplotlib, ``size`` pixels high."""
    fonts = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf'
    return ImageFont.truetype(str(fonts / 'DejaVuSans.ttf'), size)


def fit(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale an image up or down so that it just fits, keeping its proportions.

    Args:
        image: (H, W, 3) uint8.
        height: Height of the space in pixels.
        width: Width of the space in pixels.

    Returns:
        The scaled image, at least one pixel high and wide.
    """
    scale = min(height / image.shape[0], width / image.shape[1])
    size = [max(1, round(extent * scale)) for extent in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=_interpolation(scale))


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC


def crop_roi(
    image: np.ndarray, roi: np.ndarray, height: int, width: int
) -> np.ndarray | None:
    """Cut an ROI out of an image and magnify it, black where it leaves the image.

    Args:
        image: (H, W, 3) uint8.
        roi: (4,) xyxy in pixels of ``image``.
        height: Height of the space for the crop in pixels.
        width: Width of the space for the crop in pixels.

    Returns:
        The crop, uint8, or ``None`` if the ROI has no area.
    """
    roi_width, roi_height = roi[2:] - roi[:2]
    if min(roi_width, roi_height) <= 0:
        return None
    scale = min(height / roi_height, width / roi_width)
    size = [max(1, round(extent * scale)) for extent in (roi_height, roi_width)]
    centre = (roi[:2] + roi[2:]) / 2 / image.shape[1::-1]
    crop = sample_roi(
        torch.from_numpy(image).permute(2, 0, 1)[None].float(),
        torch.from_numpy(centre)[None].float(),
        (roi_height, roi_width),
        size,
    )
    return crop[0].permute(1, 2, 0).round().byte().numpy()


def crop_corners(
    image: np.ndarray, corners: np.ndarray, height: int, width: int
) -> np.ndarray | None:
    """Cut a turned ROI out of an image, straighten and magnify it.

    Args:
        image: (H, W, 3) uint8.
        corners: (4, 2), upper left, upper right, lower right and lower left, ``(x, y)``
            in pixels of ``image``.
        height: Height of the space for the crop in pixels.
        width: Width of the space for the crop in pixels.

    Returns:
        The crop, uint8, or ``None`` if the ROI has no area.
    """
    sides = [np.hypot(*(corners[i] - corners[0])) for i in (3, 1)]
    if min(sides) <= 0:
        return None
    scale = min(height / sides[0], width / sides[1])
    h, w = (max(1, round(side * scale)) for side in sides)
    # OpenCV counts from the centre of the first pixel, half a pixel inside the edge.
    source = np.float32(corners[[0, 1, 3]]) - 0.5
    target = np.float32([(0, 0), (w, 0), (0, h)]) - 0.5
    return cv2.warpAffine(image, cv2.getAffineTransform(source, target), (w, h))


def overlay_heatmap(image: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Tint the places of an image by their heat, from none to red to yellow.

    The strength of the tint follows the square root of the heat relative to its
    maximum, so that weak second guesses stay visible beside a sharp peak.

    Args:
        image: (H, W, 3) uint8 RGB.
        heatmap: (h, w) >= 0, covering the image edge to edge.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    heat = cv2.resize(
        heatmap / max(heatmap.max(), np.finfo(np.float32).tiny), image.shape[1::-1]
    )
    heat = np.sqrt(heat.clip(0, 1))
    colours = matplotlib.colormaps['hot'](0.3 + 0.45 * heat)[..., :3] * 255
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] * 0.75
    return (grey + (colours - grey) * 0.85 * heat[..., None]).round().astype(np.uint8)


def draw_box(
    draw: ImageDraw.ImageDraw, box: np.ndarray, colour: Colour, width: int = 2
) -> None:
    """Outline a box just outside its edges, with dark rims for any background.

    Args:
        draw: Where to draw.
        box: (4,) xyxy in pixels, edges and not pixel indices.
        colour: RGB.
        width: Width of the coloured line in pixels.
    """
    left, top, right, bottom = np.round(box).astype(int)
    for reach, line, shade in (
        (width + 2, width + 2, (0, 0, 0)),
        (width + 1, width, colour),
    ):
        corners = (left - reach, top - reach, right + reach - 1, bottom + reach - 1)
        draw.rectangle(corners, outline=shade, width=line)


def draw_corners(
    draw: ImageDraw.ImageDraw, corners: np.ndarray, colour: Colour, width: int = 2
) -> None:
    """Outline a turned box with dark rims, its upper side thicker.

    Args:
        draw: Where to draw.
        corners: (4, 2), ``(x, y)`` in pixels, the upper side's first.
        colour: RGB.
        width: Width of the coloured line in pixels.
    """
    points = [tuple(corner) for corner in corners]
    for line, shade in ((width + 4, (0, 0, 0)), (width, colour)):
        draw.line([*points, *points[:2]], shade, line, joint='curve')
    draw.line(points[:2], colour, 3 * width)


def draw_text(
    draw: ImageDraw.ImageDraw,
    position: tuple[int, int],
    text: str,
    width: int,
    size: int,
    colour: Colour,
    anchor: str = 'lm',
) -> int:
    """Write one line, shortened with an ellipsis where the space is too narrow.

    Args:
        draw: Where to draw.
        position: Place of the anchor, (x, y) in pixels.
        text: The line.
        width: Width of the space in pixels.
        size: Font size in pixels.
        colour: RGB.
        anchor: Pillow's text anchor.

    Returns:
        Width of what was written, in pixels.
    """
    font = load_font(size)
    shown = text = printable(text)[:LONGEST]
    while shown and font.getlength(shown) > width:
        text = text[:-1]
        shown = f'{text}…' if text else ''
    draw.text(position, shown, fill=colour, font=font, anchor=anchor)
    return int(font.getlength(shown))


def as_canvas(image: np.ndarray) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Pillow image of an RGB array, and the pen that draws on it."""
    canvas = Image.fromarray(image)
    return canvas, ImageDraw.Draw(canvas)
