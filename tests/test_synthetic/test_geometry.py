# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.synthetic.bottle.geometry import CylinderView, warp_print

VIEWS = [
    CylinderView(anchor=(300.0, 200.0), radius=250.0),
    CylinderView((320.0, 240.0), 240.0, azimuth=0.6, bow=60.0, roll=-0.1, skew=0.06),
    CylinderView((200.0, 150.0), 350.0, azimuth=-0.4, bow=-15.0, roll=0.08, skew=-0.04),
]


def test_flat_limit_is_a_shift():
    view = CylinderView(anchor=(30.0, 20.0), radius=1e6)
    points = view.print_to_image([(0, 0), (5, -3)])
    np.testing.assert_allclose(points, [(30, 20), (35, 17)], atol=1e-4)


def test_hand_computed_point():
    # A quarter turn from the front lies on the silhouette, sunk by the whole bow.
    view = CylinderView(anchor=(100.0, 50.0), radius=40.0, bow=12.0)
    point = view.print_to_image([(40 * np.pi / 2, 0)])
    np.testing.assert_allclose(point, [(140, 62)], atol=1e-9)


@pytest.mark.parametrize('view', VIEWS)
def test_inverse(view):
    points = np.random.default_rng(0).uniform(-90, 90, (200, 2))
    x, y = view.print_to_image(points).T.astype(np.float32)
    np.testing.assert_allclose(
        np.stack(view.image_to_print(x, y), 1), points, atol=0.05
    )


def test_beyond_the_silhouette_is_far_from_the_print():
    view = CylinderView(anchor=(100.0, 50.0), radius=40.0)
    u, _ = view.image_to_print(np.float32([20.0, 180.0]), np.float32([50.0, 50.0]))
    assert (u > 1000).all()


@pytest.mark.parametrize('view', VIEWS)
@pytest.mark.parametrize('scale', [0.5, 1.0, 1.5])
def test_ink_appears_where_the_view_says(view, scale):
    density = 3 * scale
    canvas = np.zeros((300, 400), np.uint8)
    canvas[180:186, 100:106] = 255
    origin = (200, 150)
    size = (round(480 * scale), round(640 * scale))
    ink, (rows, columns) = warp_print(canvas, origin, density, view, size, scale)
    image = np.zeros(size, np.float32)
    image[rows, columns] = ink
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    found = np.array([(x * image).sum(), (y * image).sum()]) / image.sum()
    dot = (np.array([[103, 183]]) - origin) / density
    np.testing.assert_allclose(found, view.print_to_image(dot)[0] * scale, atol=0.1)


def test_print_outside_the_image_leaves_no_ink():
    view = CylinderView(anchor=(-500.0, 100.0), radius=100.0)
    canvas = np.full((50, 50), 255, np.uint8)
    ink, (rows, columns) = warp_print(canvas, (25, 25), 3.0, view, (96, 128), 1.0)
    assert ink.size == 0
    assert np.zeros((96, 128))[rows, columns].size == 0
