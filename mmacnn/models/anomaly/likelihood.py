# Copyright (c) mmacnn authors. All rights reserved.
"""How unlikely an image is under a flow that learned good ones."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mmacnn.ops import resize_maps, smooth_maps
from mmacnn.utils import InputError

from .core import AnomalyCore


def negative_log_likelihood(z: Tensor, log_det: Tensor) -> Tensor:
    """Of each sample under a standard normal distribution of z, without its constant.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021, section 3.2.

    Args:
        z: (N, ...).
        log_det: (N,), the logarithm of the Jacobian's absolute determinant.

    Returns:
        (N,).
    """
    return 0.5 * z.square().flatten(1).sum(1) - log_det


class PooledLikelihood(AnomalyCore):
    """DifferNet's: a flow over means of features, of an image in several views.

    Args:
        feature_extractor: From images (N, 3, H, W) to features (N, D).
        flow: From features to z (N, D) and log-determinant (N,).
        views: What is done to an image, such as :class:`RotatedViews`.
        saliency: From this core and images to maps (B, H, W), such as
            :class:`GradientMap`; without it there are no maps.
        views_at_once: Views of an image that go through the network together in
            testing.
    """

    def __init__(
        self,
        feature_extractor: nn.Module,
        flow: nn.Module,
        views: nn.Module,
        saliency=None,
        views_at_once: int = 16,
    ) -> None:
        super().__init__()
        self.feature_extractor = feature_extractor
        self.flow = flow
        self.views = views
        self.saliency = saliency
        self.views_at_once = views_at_once

    def latent(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """z (N, D) and the log-determinant (N,) of views (N, C, H, W).

        Raises:
            InputError: The flow is made for another number of features.
        """
        features = self.feature_extractor(views)
        if features.shape[1] != self.flow.in_channels:
            raise InputError(
                f'flow.in_channels is {self.flow.in_channels}, expected '
                f'{features.shape[1]}, as many as there are features'
            )
        return self.flow(features)

    def loss(self, images: Tensor) -> Tensor:
        """Negative log-likelihood of random views, a feature, up to a constant, ()."""
        z, log_det = self.latent(self.views.random(images).flatten(0, 1))
        return negative_log_likelihood(z, log_det).mean() / z.shape[1]

    def score(self, images: Tensor) -> Tensor:
        """Mean of z squared over the fixed views and the dimensions, (B,)."""
        squares = []
        for indices in self.chunks(range(self.views.num_test)):
            views = self.views.fixed(images, indices).flatten(0, 1)
            z, _ = self.latent(views)
            squares.append(z.square().mean(1).reshape(-1, len(indices)))
        return torch.cat(squares, 1).mean(1)

    def chunks(self, indices: range) -> Iterator[range]:
        """The indices of views, ``views_at_once`` together."""
        for start in range(0, len(indices), self.views_at_once):
            yield indices[start : start + self.views_at_once]

    def measure(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """See :class:`AnomalyCore`."""
        maps = None if self.saliency is None else self.saliency(self, images)
        return self.score(images), maps


class SpatialLikelihood(AnomalyCore):
    """A flow over feature maps: likelihood at every position, in one pass.

    Args:
        feature_extractor: From images to maps (B, C, h, w), the finest first.
        flow: From maps to z and log-determinant at each position, such as
            :class:`SpatialFlow`.
        sigma: Standard deviation of the Gaussian filter over the map, in pixels.
    """

    exports_map = True
    momentum = 0.05

    def __init__(
        self, feature_extractor: nn.Module, flow: nn.Module, sigma: float = 4.0
    ) -> None:
        super().__init__()
        self.feature_extractor = feature_extractor
        self.flow = flow
        self.sigma = sigma
        # Running mean of the training's surprise at each scale.
        self.register_buffer('level', torch.zeros(len(flow.in_channels)))
        self.register_buffer('is_measured', torch.tensor(False))

    def surprise(self, images: Tensor) -> list[Tensor]:
        """Twice the negative log-likelihood of each position, a feature.

        Up to a constant, (B, h, w) of each scale; mean of z squared less twice that of
        the log-scales.
        """
        return [
            (z.square().sum(1) - 2 * log_det) / z.shape[1]
            for z, log_det in self.flow(self.feature_extractor(images))
        ]

    def loss(self, images: Tensor) -> Tensor:
        """Negative log-likelihood, a feature, up to a constant, mean of scales, ()."""
        means = torch.stack([each.mean() for each in self.surprise(images)])
        if self.training:
            weight = self.momentum if self.is_measured else 1.0
            self.level.lerp_(means.detach(), weight)
            self.is_measured.fill_(True)
        return means.mean() / 2

    def measure(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`AnomalyCore`.

        The scales' surprise, less the training's mean, is joined as in FastFlow, whose
        likelihoods are averaged, and the logarithm taken, in which nothing saturates: a
        soft minimum, so that what all scales find unlikely is a defect. Softplus makes
        it positive. The score is the map's maximum.
        """
        surprise = self.surprise(images)
        size = surprise[0].shape[-2:]
        joined = torch.stack(
            [
                resize_maps(each, size) - level
                for each, level in zip(surprise, self.level, strict=True)
            ]
        )
        maps = nn.functional.softplus(soft_minimum(joined))
        maps = smooth_maps(resize_maps(maps, images.shape[-2:]), self.sigma)
        return maps.amax((1, 2)), maps


def soft_minimum(surprise: Tensor) -> Tensor:
    """``-2 log(mean(exp(-surprise / 2)))`` over the first dimension."""
    least = surprise.amin(0)
    return least - 2 * torch.exp(-0.5 * (surprise - least)).mean(0).log()
