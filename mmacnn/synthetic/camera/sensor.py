# Copyright (c) mmacnn authors. All rights reserved.
"""The camera behind the lens: exposure, colour, sharpening and noise."""

import cv2
import numpy as np

# Blue, green and red against their mean, measured in the photographs' dark corners.
_CHANNEL_NOISE = (0.93, 0.75, 1.32)


def _blotches(rng, size, sigma):
    """Unit noise, independent per channel and smooth over ``sigma`` pixels.

    Returns:
        np.ndarray: float32 of shape (*size, 3).
    """
    step = 2 if sigma > 1.4 else 1
    coarse = tuple(-(-side // step) for side in size)
    # A sum of many uniform numbers is normal enough, and bytes are drawn fast.
    noise = rng.integers(0, 256, (*coarse, 3), np.uint8).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(sigma / step, 0.3))
    mean, deviation = cv2.meanStdDev(noise)
    gain = 1 / np.maximum(deviation, 1e-6)
    noise = cv2.transform(noise, np.hstack([np.diagflat(gain), -mean * gain]))
    return noise if step == 1 else cv2.resize(noise, size[::-1])


def develop(rng, image, style):
    """Turn light into the picture that the camera stores.

    Args:
        rng (np.random.Generator): source of noise and settings.
        image (np.ndarray): BGR float32 of shape (H, W, 3), levels of 255.
        style (DeviceStyle): the camera.

    Returns:
        np.ndarray: BGR uint8 of shape (H, W, 3).
    """
    gains = np.array([rng.uniform(*limits) for limits in style.white_balance])
    gains *= rng.uniform(*style.exposure)
    haze = np.full((3, 1), rng.uniform(*style.haze))
    image = cv2.transform(image, np.hstack([np.diag(gains), haze]))
    sharpening = rng.uniform(*style.sharpening)
    soft = cv2.GaussianBlur(image, (0, 0), 1.3)
    image = cv2.addWeighted(image, 1 + sharpening, soft, -sharpening, 0)
    # The photographs' noise: strong, blotchy and independent between the channels in
    # the dark, a third of that in the light, where the camera lifts less.
    dark = rng.uniform(*style.noise)
    level = cv2.transform(soft, np.full((1, 3), -1 / 3 / 28))
    spread = dark * (0.22 + 0.78 * cv2.exp(np.minimum(level, 0)))
    noise = _blotches(rng, image.shape[:2], rng.uniform(*style.noise_size))
    image += cv2.multiply(
        noise, cv2.merge([np.float32(c) * spread for c in _CHANNEL_NOISE])
    )
    grain = rng.integers(0, 256, image.shape[:2], np.uint8).astype(np.float32) - 127.5
    grain *= np.float32(rng.uniform(*style.grain) / 74)
    image += cv2.merge([grain] * 3)
    return np.clip(image, 0, 255, out=image).astype(np.uint8)
