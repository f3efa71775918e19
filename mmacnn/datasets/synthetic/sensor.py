# Copyright (c) mmacnn authors. All rights reserved.
"""The camera behind the lens: exposure, colour, noise, sharpening, compression."""

import cv2
import numpy as np


def _coloured_noise(rng, size, sigma):
    """Unit noise per channel, smooth over ``sigma`` pixels; float32 (H, W, 3)."""
    # Drawing on a grid of about one sigma and enlarging is as smooth, and much faster.
    step = max(1.0, 1.15 * sigma)
    coarse = tuple(int(np.ceil(side / step)) + 2 for side in size)
    noise = rng.standard_normal((*coarse, 3), dtype=np.float32)
    noise = cv2.resize(
        noise, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC
    )[: size[0], : size[1]]  # fmt: skip
    return noise * np.float32(1 / max(noise.std(), 1e-6))


def develop(rng, image, style):
    """Turn light into the picture that the camera stores.

    Args:
        rng (np.random.Generator): source of noise and settings.
        image (np.ndarray): BGR float32 of shape (H, W, 3), levels of 255.
        style (DeviceStyle): the camera.

    Returns:
        np.ndarray: BGR uint8 of shape (H, W, 3).
    """
    gains = [rng.uniform(*limits) for limits in style.white_balance]
    gains = np.float32(gains) * rng.uniform(*style.exposure)
    image = image * gains + np.float32(rng.uniform(*style.haze))
    size = image.shape[:2]
    # The photographs' noise: strong, blotchy and independent between the channels in
    # the dark, a third of that in the light, where the camera lifts less.
    dark = rng.uniform(*style.noise)
    level = image.mean(2, keepdims=True) if image.ndim == 3 else image
    spread = dark * (0.28 + 0.72 * np.exp(level / np.float32(-28)))
    blotches = _coloured_noise(rng, size, rng.uniform(*style.noise_size))
    image = image + spread * blotches
    grain = rng.standard_normal((*size, 1), dtype=np.float32)
    image += np.float32(0.16 * dark) * grain
    soft = cv2.GaussianBlur(image, (0, 0), 1.3)
    image += rng.uniform(*style.sharpening) * (image - soft)
    picture = np.clip(image, 0, 255).astype(np.uint8)
    quality = int(rng.integers(style.jpeg_quality[0], style.jpeg_quality[1] + 1))
    _, stream = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(stream, cv2.IMREAD_COLOR)
