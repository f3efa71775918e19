# Copyright (c) mmacnn authors. All rights reserved.
"""Cameras and stations: every number that makes two devices differ, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CameraStyle:
    """Ranges (low, high) of a camera, from which one photograph is drawn uniformly.

    Args:
        exposure (tuple): factor on the light that reaches the sensor.
        white_balance (tuple): factors on blue, green and red, each (low, high).
        haze (tuple): stray light added to the darkest parts, levels of 255.
        noise (tuple): standard deviation in the darkest parts, levels of 255.
        noise_size (tuple): correlation of the noise, sigma in pixels.
        sharpening (tuple): strength of the camera's unsharp mask.
        grain (tuple): standard deviation of the noise of single pixels.
    """

    exposure: tuple
    white_balance: tuple
    haze: tuple
    noise: tuple
    noise_size: tuple
    sharpening: tuple
    grain: tuple


@dataclass(frozen=True, kw_only=True)
class DeviceStyle(CameraStyle):
    """Ranges of a station that photographs bottles.

    Lengths are pixels of a 480x640 photograph, angles radians, fractions of 1.

    Args:
        code_x, code_y (tuple): the code's centre, fraction of width and height.
        print_height (tuple): height of the code's digits.
        radius (tuple): of the bottle.
        azimuth (tuple): the code's angle from the bottle's front.
        bow (tuple): sinking of print lines, fraction of the radius.
        roll (tuple): tilt of the camera.
        skew (tuple): lean of the print, horizontal shift per unit of height.
        contrast (tuple): print's ink, factor on its brightness.
        blur (tuple): Gaussian defocus, sigma in fractions of the print height.
        motion (tuple): length of the motion blur, fractions of the print height.
        glass (tuple): names of the bottle's colours, see ``surface.GLASSES``.
        condensing (tuple): width of the code's line against the font's own.
        turn (tuple): of the whole station about the optical axis; clockwise.
    """

    code_x: tuple
    code_y: tuple
    print_height: tuple
    radius: tuple
    azimuth: tuple
    bow: tuple
    roll: tuple
    skew: tuple
    contrast: tuple
    blur: tuple
    motion: tuple
    glass: tuple
    condensing: tuple = (0.66, 0.9)
    turn: tuple = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class SurfaceStyle(CameraStyle):
    """Ranges of a station that photographs flat goods; lengths are pixels.

    Args:
        materials (tuple): names of what it looks at, see ``materials.MATERIALS``.
        azimuth (tuple): where the lamp stands, radians from the image's x axis.
        slant (tuple): the lamp's distance from the upright, tangent of the angle.
        falloff (tuple): loss of light from the lamp's side to the other, fraction.
        glare (tuple): the lamp's reflection, factor on the material's gloss.
        contrast (tuple): of a defect, factor.
        blur (tuple): Gaussian defocus, sigma.
        motion (tuple): length of the motion blur.
    """

    materials: tuple
    azimuth: tuple
    slant: tuple
    falloff: tuple
    glare: tuple
    contrast: tuple
    blur: tuple
    motion: tuple


TRAIN_DEVICE = DeviceStyle(
    code_x=(0.15, 0.90),
    code_y=(0.20, 0.75),
    print_height=(8.5, 12.5),
    radius=(230, 330),
    azimuth=(-0.05, 0.75),
    bow=(0.06, 0.26),
    roll=(-0.07, 0.07),
    skew=(-0.05, 0.05),
    exposure=(0.85, 1.35),
    white_balance=((0.85, 1.1), (0.94, 1.04), (0.92, 1.12)),
    haze=(-2.0, 4.0),
    contrast=(0.7, 1.15),
    blur=(0.03, 0.075),
    motion=(0.0, 0.12),
    noise=(12.0, 20.0),
    noise_size=(1.6, 2.1),
    sharpening=(0.3, 1.0),
    grain=(0.5, 1.6),
    glass=('amber', 'amber', 'brown', 'green'),
)

TEST_DEVICE = DeviceStyle(
    code_x=(0.10, 0.80),
    code_y=(0.28, 0.82),
    print_height=(9.5, 13.5),
    radius=(250, 380),
    azimuth=(-0.5, 0.4),
    bow=(-0.05, 0.18),
    roll=(-0.13, 0.05),
    skew=(-0.04, 0.08),
    exposure=(0.95, 1.4),
    white_balance=((1.05, 1.3), (0.98, 1.08), (0.82, 1.0)),
    haze=(4.0, 18.0),
    contrast=(0.75, 1.05),
    blur=(0.04, 0.085),
    motion=(0.0, 0.15),
    noise=(5.0, 11.0),
    noise_size=(0.8, 1.4),
    sharpening=(0.0, 0.5),
    grain=(1.5, 4.0),
    glass=('amber', 'brown', 'blue', 'green'),
)

WIDE_DEVICE = DeviceStyle(
    code_x=(0.08, 0.92),
    code_y=(0.12, 0.88),
    print_height=(8.0, 15.0),
    radius=(200, 380),
    azimuth=(-0.6, 0.8),
    bow=(-0.06, 0.28),
    roll=(-0.2, 0.2),
    skew=(-0.12, 0.12),
    exposure=(0.7, 1.45),
    white_balance=((0.8, 1.3), (0.92, 1.08), (0.8, 1.15)),
    haze=(-2.0, 18.0),
    contrast=(0.4, 1.15),
    blur=(0.03, 0.11),
    motion=(0.0, 0.2),
    noise=(5.0, 20.0),
    noise_size=(0.8, 2.1),
    sharpening=(0.0, 1.0),
    grain=(0.5, 4.0),
    glass=('amber', 'amber', 'brown', 'green', 'blue'),
    condensing=(0.45, 0.9),
)
"""Of weights for any camera: it holds those of both devices, and more."""

SURFACE_TRAIN_DEVICE = SurfaceStyle(
    materials=('brushed', 'rolled', 'blasted', 'turned', 'plain', 'twill', 'knit'),
    azimuth=(-2.6, -0.5),
    slant=(0.5, 0.9),
    falloff=(0.05, 0.45),
    glare=(0.0, 1.0),
    contrast=(0.75, 1.25),
    blur=(0.35, 0.7),
    motion=(0.0, 1.2),
    exposure=(0.8, 1.2),
    white_balance=((0.9, 1.1), (0.96, 1.04), (0.92, 1.1)),
    haze=(0.0, 5.0),
    noise=(3.0, 8.0),
    noise_size=(0.6, 1.2),
    sharpening=(0.2, 0.8),
    grain=(0.5, 2.0),
)

SURFACE_TEST_DEVICE = SurfaceStyle(
    materials=('brushed', 'rolled', 'blasted', 'turned', 'plain', 'twill', 'knit'),
    azimuth=(-1.2, 0.9),
    slant=(0.6, 1.0),
    falloff=(0.1, 0.5),
    glare=(0.0, 1.2),
    contrast=(0.7, 1.15),
    blur=(0.5, 0.85),
    motion=(0.0, 1.0),
    exposure=(0.75, 1.25),
    white_balance=((0.82, 1.0), (0.96, 1.06), (1.02, 1.2)),
    haze=(2.0, 10.0),
    noise=(4.0, 10.0),
    noise_size=(0.8, 1.4),
    sharpening=(0.0, 0.5),
    grain=(1.0, 3.0),
)

FLANGE_DEVICE = SurfaceStyle(
    materials=('twill',),
    azimuth=(-2.22, -2.18),
    slant=(0.6, 0.64),
    falloff=(0.14, 0.16),
    glare=(0.0, 0.05),
    contrast=(0.9, 1.3),
    blur=(0.55, 0.65),
    motion=(0.0, 0.2),
    exposure=(0.985, 1.015),
    white_balance=((0.995, 1.005), (0.995, 1.005), (0.995, 1.005)),
    haze=(0.0, 1.0),
    noise=(2.8, 3.2),
    noise_size=(0.8, 0.9),
    sharpening=(0.38, 0.42),
    grain=(0.8, 1.0),
)
