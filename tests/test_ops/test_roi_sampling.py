# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
import torch.nn.functional as F

from mmacnn.ops import roi_box, sample_roi, sample_roi_separable

SAMPLERS = [sample_roi, sample_roi_separable]
# Inside, across each edge, and wholly outside of the image.
CENTRES = [(0.5, 0.5), (0.0, 0.3), (1.0, 0.9), (0.4, -0.05), (0.9, 1.02), (-2.0, 3.0)]


def random_batch(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(
        len(CENTRES), 3, 24, 36, generator=generator, dtype=torch.float64
    )
    return image.to(dtype), torch.tensor(CENTRES, dtype=dtype)


@pytest.mark.parametrize('sampler', SAMPLERS)
@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('output_size', [(4, 6), (8, 12), (3, 5)])
def test_shape(sampler, batch, output_size):
    image = torch.rand(batch, 2, 20, 30)
    crop = sampler(image, torch.rand(batch, 2), (4, 6), output_size)
    assert crop.shape == (batch, 2, *output_size)


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_aligned_roi_is_a_slice(sampler):
    image, _ = random_batch()
    centre = torch.tensor([[12 / 36, 10 / 24]]).expand(len(image), 2)
    crop = sampler(image, centre, (8, 12), (8, 12))
    torch.testing.assert_close(crop, image[:, :, 6:14, 6:18], atol=2e-6, rtol=0)


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_half_pixel_shift_averages_neighbours(sampler):
    image = torch.tensor([[[[0.0, 2.0, 6.0, 0.0]]]])
    crop = sampler(image, torch.tensor([[2.5 / 4, 0.5]]), (1, 2), (1, 2))
    torch.testing.assert_close(crop, torch.tensor([[[[4.0, 3.0]]]]))


@pytest.mark.parametrize('dtype', [torch.uint8, torch.float64])
def test_pixels_prepared_after_they_are_gathered(dtype):
    """As before it, also where the ROI leaves the image, which is then zero."""

    def prepare(pixels):
        return 3 - pixels.double() / 7

    image, centre = random_batch(torch.float64)
    image = (200 * image).to(dtype)
    sizes = (8, 12), (6, 20)
    crop = sample_roi_separable(image, centre, *sizes, prepare)
    assert_equal = torch.testing.assert_close
    assert_equal(crop, sample_roi_separable(prepare(image), centre, *sizes))


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_outside_the_image_is_zero(sampler):
    crop = sampler(torch.ones(1, 1, 8, 8), torch.tensor([[0.0, 0.5]]), (2, 4), (2, 4))
    torch.testing.assert_close(crop[0, 0, 0], torch.tensor([0.0, 0.0, 1.0, 1.0]))
    assert (
        sampler(
            torch.ones(1, 1, 8, 8), torch.tensor([[2.0, 2.0]]), (2, 4), (2, 4)
        ).sum()
        == 0
    )


@pytest.mark.parametrize('output_size', [(8, 12), (16, 24), (5, 7)])
def test_samplers_agree(output_size):
    image, centre = random_batch()
    expected = sample_roi(image, centre, (8, 12), output_size)
    found = sample_roi_separable(image, centre, (8, 12), output_size)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_samplers_agree_at_full_size():
    image = torch.rand(2, 3, 480, 640)
    centre = torch.tensor([[0.123, 0.456], [0.99, 0.01]])
    expected = sample_roi(image, centre, (40, 72), (80, 144))
    found = sample_roi_separable(image, centre, (40, 72), (80, 144))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    exact = sample_roi(image.double(), centre.double(), (40, 72), (80, 144))
    found = sample_roi_separable(image.double(), centre.double(), (40, 72), (80, 144))
    torch.testing.assert_close(found, exact, atol=1e-5, rtol=0)


def test_gradients_agree():
    gradients = []
    for sampler in SAMPLERS:
        image, centre = random_batch(torch.float64)
        image.requires_grad_(), centre.requires_grad_()
        crop = sampler(image, centre + 0.0031, (8, 12), (16, 24))
        (crop * torch.arange(crop.numel()).view_as(crop).cos()).sum().backward()
        gradients.append((image.grad, centre.grad))
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-9, rtol=0)


# None on a pixel, where bilinear interpolation has a kink and no gradient.
GRADIENT_CENTRES = {
    'inside': (0.413, 0.557),
    'left-bottom': (0.021, 0.982),
    'right': (1.037, 0.391),
    'top': (0.637, -0.043),
    'outside': (-1.713, 2.291),
}


@pytest.mark.parametrize('sampler', SAMPLERS)
@pytest.mark.parametrize('centre', GRADIENT_CENTRES.values(), ids=GRADIENT_CENTRES)
@pytest.mark.parametrize(
    ('image_size', 'roi_size', 'output_size'),
    [
        ((6, 7), (3, 4), (4, 5)),  # magnified
        ((7, 5), (5, 3), (2, 3)),  # reduced
        ((5, 6), (3, 4), (3, 4)),  # as it is
        ((4, 4), (7, 9), (3, 2)),  # larger than the image
        ((1, 5), (1, 3), (1, 4)),  # one row
    ],
)
def test_gradcheck(sampler, centre, image_size, roi_size, output_size):
    torch.manual_seed(0)
    image = torch.rand(2, 1, *image_size, dtype=torch.float64, requires_grad=True)
    centre = torch.tensor([centre, (0.487, 0.519)], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda i, c: sampler(i, c, roi_size, output_size),
        (image, centre.requires_grad_()),
    )


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_traced_sampler_follows_the_centre(sampler):
    def crop(image, centre):
        return sampler(image, centre, (4, 6), (8, 12))

    image = torch.rand(1, 3, 20, 30)
    traced = torch.jit.trace(crop, (image, torch.tensor([[0.5, 0.5]])))
    centre = torch.tensor([[0.2, 0.8]])
    torch.testing.assert_close(traced(image, centre), crop(image, centre))


def test_roi_box_is_where_the_crop_comes_from():
    image, centre = random_batch()
    box = roi_box(centre[:1], (8, 12), (24, 36))[0]
    assert box.tolist() == [12.0, 8.0, 24.0, 16.0]
    x0, y0, x1, y1 = box.int().tolist()
    expected = F.interpolate(image[:1, :, y0:y1, x0:x1], (8, 12))
    torch.testing.assert_close(
        sample_roi(image[:1], centre[:1], (8, 12), (8, 12)), expected, atol=2e-6, rtol=0
    )
