# Copyright (c) mmacnn authors. All rights reserved.
"""Where an anomaly is: maps from the gradient of the likelihood."""

from copy import deepcopy
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from mmacnn.models.backbones import cell_geometry
from mmacnn.ops import upsample_map
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .likelihood import negative_log_likelihood

if TYPE_CHECKING:
    from .likelihood import PooledLikelihood


class ViewMap:
    """Map of each fixed view of an image, rotated back, and their mean.

    Args:
        num_views: Views to take, evenly spread over those of the test; all by default.
            Each one costs a pass forward and one back.

    Raises:
        InputError: ``num_views`` is below 1.
    """

    def __init__(self, num_views: int | None = None) -> None:
        if num_views is not None and num_views < 1:
            raise InputError(
                f'{type(self).__name__}: num_views is {num_views}, expected 1 or more'
            )
        self.num_views = num_views

    def __call__(self, model: 'PooledLikelihood', images: Tensor) -> Tensor:
        """Maps (B, H, W), 0 or more, of images (B, C, H, W)."""
        total = model.views.num_test
        step = max(1, total // (self.num_views or total))
        # The test loop forbids gradients, and inference mode even later ones.
        with torch.inference_mode(False), torch.enable_grad():
            images = images.clone()
            seen = torch.ones_like(images[:1, :1])
            maps, coverage = torch.zeros_like(images[:, :1]), torch.zeros_like(seen)
            for indices in model.chunks(range(0, total, step)):
                views = model.views.fixed(images, indices)
                found = self.of_views(model, views.flatten(0, 1))
                found = found.unflatten(0, views.shape[:2])
                maps += model.views.restored(found, indices).sum(1)
                here = model.views.fixed(seen, indices)
                coverage += model.views.restored(here, indices).sum(1)
        # A corner of the image may be outside of every view: nothing speaks for it.
        is_seen = coverage > 0.5
        maps = torch.where(is_seen, maps / coverage.clamp(min=0.5), torch.inf)
        maps = torch.where(is_seen, maps, maps.amin((2, 3), keepdim=True))
        return maps[:, 0].detach()

    def of_views(self, model: 'PooledLikelihood', views: Tensor) -> Tensor:
        """Maps (N, 1, H, W), 0 or more, of views (N, C, H, W)."""
        raise NotImplementedError


@MODELS.register_module()
class GradientMap(ViewMap):
    """How strongly each pixel could change the likelihood.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021, section 3.4: the
    gradient of the negative log-likelihood, smoothed, its absolute value summed over
    the channels.

    Args:
        sigma: Standard deviation of the Gaussian filter, in pixels.
        num_views: See :class:`ViewMap`.

    Raises:
        InputError: ``sigma`` is not above 0, or ``num_views`` is below 1.
    """

    def __init__(self, sigma: float = 5.0, num_views: int | None = None) -> None:
        super().__init__(num_views)
        if sigma <= 0:
            raise InputError(f'GradientMap: sigma is {sigma}, expected pixels > 0')
        self.sigma = sigma

    def of_views(self, model: 'PooledLikelihood', views: Tensor) -> Tensor:
        views = views.detach().requires_grad_()
        loss = negative_log_likelihood(*model.latent(views))
        (gradient,) = torch.autograd.grad(loss.sum(), views)
        # The filter is cut off at 3 deviations, and reflects within the image.
        reach = min(round(3 * self.sigma), min(views.shape[-2:]) - 1)
        smooth = gradient.contiguous()
        # In bfloat16 on the CPU a filter of this size takes minutes.
        with torch.autocast(views.device.type, enabled=False):
            # Columns, then rows: half the time of one filter for both.
            for kernel_size in ([1, 2 * reach + 1], [2 * reach + 1, 1]):
                smooth = gaussian_blur(smooth, kernel_size, self.sigma)
        return smooth.abs().sum(1, keepdim=True)


@MODELS.register_module()
class GradCAMMap(ViewMap):
    """Which places of the last feature map make the likelihood low.

    Selvaraju et al., *Grad-CAM: Visual Explanations from Deep Networks via
    Gradient-based Localization*, ICCV 2017, eq. 1 and 2, of the negative
    log-likelihood, by the package ``grad-cam``. The maps of all scales are added, and
    unlike there not scaled to [0, 1] for each image, so that they can be compared.

    Args:
        num_views: See :class:`ViewMap`.

    Raises:
        InputError: The package is not installed.
        InputError: ``num_views`` is below 1.
    """

    def __init__(self, num_views: int | None = None) -> None:
        super().__init__(num_views)
        if find_spec('pytorch_grad_cam') is None:
            raise InputError('GradCAMMap needs grad-cam: pip install grad-cam')
        self._cells: tuple[int, float] | None = None

    def of_views(self, model: 'PooledLikelihood', views: Tensor) -> Tensor:
        from pytorch_grad_cam import GradCAM

        extractor = model.feature_extractor
        if self._cells is None:
            # It looks at an image of its own, on the CPU.
            backbone = deepcopy(extractor.backbone).cpu().float()
            self._cells = cell_geometry(backbone)
        views = views.detach().requires_grad_()
        with GradCAM(model, [extractor.last_map]) as cam:
            recorder = cam.activations_and_grads
            recorder.model = model.latent
            loss = negative_log_likelihood(*recorder(views))
            torch.autograd.grad(loss.sum(), views)
            maps = [
                cam.get_cam_image(views, None, None, activations, gradients.numpy())
                for activations, gradients in zip(
                    recorder.activations, recorder.gradients, strict=True
                )
            ]
        total = torch.zeros_like(views[:, :1]).detach()
        for cam_map, size in zip(maps, extractor.scales, strict=True):
            cells = torch.as_tensor(cam_map, device=views.device)[:, None].relu()
            pixels = upsample_map(cells, size, *self._cells)
            total += F.interpolate(pixels, views.shape[-2:], mode='bilinear')
        return total
