# Copyright (c) mmacnn authors. All rights reserved.
import math

import pytest
import torch

from mmacnn.models.localizers import Localization
from mmacnn.models.losses.pose_loss import PoseLoss, turn_discs
from mmacnn.ops import add_angles, as_direction, oriented_corners, turn
from mmacnn.registry import MODELS


@pytest.fixture
def pose_cfg(acnn_cfg, data_samples):
    acnn_cfg['localizer']['pose'] = True
    acnn_cfg['loss_pose'] = dict(type='mmacnn.PoseLoss')
    for sample in data_samples:
        low, high = sample.gt_bboxes[:, :2], sample.gt_bboxes[:, 2:]
        corners = torch.cat((low, high), 1)[:, [0, 1, 2, 1, 2, 3, 0, 3]]
        sample.set_field(corners.view(-1, 4, 2), 'gt_corners')
    return acnn_cfg


@pytest.fixture
def images():
    return torch.rand(3, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def test_all_parts_learn(pose_cfg, images, data_samples):
    model = MODELS.build(pose_cfg)
    losses = model(images, data_samples, mode='loss')
    assert {'loss_pose_copy', 'loss_pose_box', 'loss_pose_centre'} < set(losses)
    sum(losses.values()).backward()
    assert all(
        p.grad is not None and p.grad.isfinite().all() for p in model.parameters()
    )
    for sample in data_samples:
        sample.gt_corners = torch.zeros(0, 4, 2)
    losses = model(images, data_samples, mode='loss')
    assert losses['loss_pose_box'] == losses['loss_pose_centre'] == 0


def test_the_box_holds_the_corners_in_pixels_of_the_original(
    pose_cfg, images, data_samples
):
    with torch.no_grad():
        samples = MODELS.build(pose_cfg).eval()(images, data_samples, mode='predict')
    for sample in samples:
        corners = sample.pred_corners
        box = torch.cat((corners.amin(0), corners.amax(0)))
        torch.testing.assert_close(sample.pred_roi, box)
        # The original image is 192 wide and 256 high.
        middle = sample.pred_centre * torch.tensor([192.0, 256.0])
        torch.testing.assert_close(corners.mean(0), middle, atol=1e-3, rtol=0)


class Compass(torch.nn.Module):
    """Sees where a bright spot lies from the middle of the image."""

    def forward(self, images):
        height, width = images.shape[-2:]
        weights = images[:, 0].clamp(min=0)
        y, x = (torch.arange(n) + 0.5 - n / 2 for n in (height, width))
        mass = weights.sum((1, 2))
        spot = torch.stack(
            (
                (weights.sum(1) * x).sum(1) / mass,
                -(weights.sum(2) * y).sum(1) / mass,
            ),
            1,
        )
        length = spot.norm(dim=1)
        middle = torch.full((len(images), 2), 0.5)
        direction = spot / length[:, None]
        return Localization(middle, direction=direction, scale=length / 10)


def spot_images():
    images = torch.zeros(4, 1, 64, 64)
    for image, (row, column) in zip(
        images, [(32, 42), (20, 32), (25, 25), (38, 28)], strict=True
    ):
        image[0, row - 1 : row + 2, column - 1 : column + 2] = 1
    return images


def test_discs_turn_and_grow():
    images = spot_images()
    before = Compass()(images)
    angle = torch.tensor([0.5, 2.0, -1.0, 3.0])
    factor = torch.tensor([1.0, 1.3, 0.8, 1.1])
    after = Compass()(
        turn_discs(images, before.centre, as_direction(angle), factor, 28)
    )
    expected = add_angles(before.direction, as_direction(angle))
    torch.testing.assert_close(after.direction, expected, atol=0.02, rtol=0)
    torch.testing.assert_close(after.scale, before.scale * factor, atol=0.02, rtol=0)


def test_the_loss_of_a_right_pose_is_nearly_zero(data_samples):
    """A compass that turns along, and boxes that its ROI just holds."""
    images, loss = spot_images(), PoseLoss(margin=1.0, upright_weight=0.0)
    found = Compass()(images)
    roi_size = (20, 50)
    data_samples = [*data_samples, data_samples[0].clone()]
    for i, sample in enumerate(data_samples):
        # An upright box round an object that lay turned by 0.4, turned with the image.
        angle = torch.atan2(found.direction[i, 1], found.direction[i, 0]) - 0.4
        lay = as_direction(torch.tensor([0.4]))
        corners = oriented_corners(
            torch.zeros(1, 2), lay, found.scale[i, None], roi_size
        )
        low, high = corners.amin(1)[0], corners.amax(1)[0]
        box = torch.stack(
            (low, torch.stack((high[0], low[1])), high, torch.stack((low[0], high[1])))
        )
        sample.set_field(turn(box, as_direction(angle)[None])[None], 'gt_corners')
    losses = loss(Compass(), images, found, found.centre, data_samples, roi_size)
    assert losses['loss_pose_copy'] < 0.01 and losses['loss_pose_box'] < 1e-4
    wrong = found._replace(
        direction=add_angles(found.direction, as_direction(torch.tensor([1.2])))
    )
    assert loss._box_loss(wrong, data_samples, roi_size) > 0.1
    corners = oriented_corners(
        torch.zeros(4, 2), found.direction, found.scale, roi_size
    )
    for sample, own in zip(data_samples, corners, strict=True):
        sample.set_field(own[None], 'gt_corners')
        sample.set_field(torch.ones(1, dtype=torch.bool), 'gt_is_oriented')
    assert loss._box_loss(found, data_samples, roi_size) < 1e-4
    turned = add_angles(found.direction, as_direction(torch.tensor([math.pi])))
    upside_down = found._replace(direction=turned)
    assert loss._box_loss(upside_down, data_samples, roi_size) > 0.3


def test_without_pose_the_weights_keep_their_names(acnn_cfg, pose_cfg):
    acnn_cfg = dict(acnn_cfg, localizer=dict(acnn_cfg['localizer'], pose=False))
    plain, pose = (MODELS.build(cfg).state_dict() for cfg in (acnn_cfg, pose_cfg))
    assert set(pose) - set(plain) == {'localizer.pose.weight', 'localizer.pose.bias'}


def test_exported_operators_are_those_of_tensorrt_8_2(pose_cfg, images, tmp_path):
    onnx = pytest.importorskip('onnx')
    pytest.importorskip('mmdeploy')
    from mmacnn.deploy.methods import method_of
    from mmacnn.deploy.tensorrt.operators import unsupported_operators

    model = MODELS.build(pose_cfg).eval()
    expected = method_of(model).graph(model, images, torch.nn.Identity())
    with torch.no_grad():
        torch.testing.assert_close(expected['scores'], model(images).softmax(1))
    model.forward = lambda x: tuple(
        method_of(model).graph(model, x, torch.nn.Identity()).values()
    )
    file = tmp_path / 'model.onnx'
    torch.onnx.export(model, images, file, opset_version=13, dynamo=False)
    assert unsupported_operators(onnx.load(file), '8.2') == []
