# Copyright (c) mmacnn authors. All rights reserved.
"""A normalizing flow over feature maps, on FrEIA."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .flow import Standardization, make_buffers, soft_clamp


@MODELS.register_module()
class SpatialFlow(BaseModule):
    """A flow for each scale, whose latent variable has a value at every position.

    Yu et al., *FastFlow: Unsupervised Anomaly Detection and Localization via 2D
    Normalizing Flows*, 2021: coupling blocks whose subnets are convolutions. With
    ``position_channels`` the subnets are told where they are, as in Gudovskiy et al.,
    *CFLOW-AD*, WACV 2022. What differs: scales are clamped as DifferNet's, and the last
    convolution of each subnet starts at zero, so that the flow begins as the identity.

    Args:
        in_channels: Channels of each map, 2 or more.
        num_blocks: Coupling blocks of each scale.
        hidden_channels: Channels between a subnet's two convolutions.
        kernel_sizes: Of the convolutions, odd, of the blocks in turn.
        clamp: The logarithm of a block's scale stays within +- ``clamp``, nearly.
        position_channels: Channels of the encoding of the position, a multiple of 4; 0
            for none.
        train_positions: Positions of each map that are drawn at random in training;
            None for all. Only where all ``kernel_sizes`` are 1: with 128 of them a flow
            is learned eight times as fast.
        seed: Of the permutations of channels.
        init_cfg: Config of the initialization.

    Raises:
        InputError: FrEIA is not installed, or a setting is out of its range.
    """

    is_spatial = True

    def __init__(
        self,
        in_channels: Sequence[int],
        num_blocks: int = 8,
        hidden_channels: int = 64,
        kernel_sizes: Sequence[int] = (1,),
        clamp: float = 2.0,
        position_channels: int = 0,
        train_positions: int | None = None,
        seed: int = 0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if find_spec('FrEIA') is None:
            raise InputError('SpatialFlow needs FrEIA: pip install "FrEIA>=0.2"')
        if not in_channels or min(in_channels) < 2 or num_blocks < 1:
            raise InputError(
                f'SpatialFlow: in_channels is {in_channels} and num_blocks '
                f'{num_blocks}, expected 2 and 1 at least'
            )
        if not kernel_sizes or any(size < 1 or size % 2 == 0 for size in kernel_sizes):
            raise InputError(
                f'SpatialFlow: kernel_sizes is {kernel_sizes}, expected odd numbers'
            )
        if train_positions is not None and (
            train_positions < 1 or max(kernel_sizes) > 1
        ):
            raise InputError(
                f'SpatialFlow: train_positions is {train_positions} and kernel_sizes '
                f'{kernel_sizes}, expected 1 or more positions and kernels of size 1'
            )
        if position_channels % 4:
            raise InputError(
                f'SpatialFlow: position_channels is {position_channels}, expected a '
                'multiple of 4'
            )
        self.in_channels = tuple(in_channels)
        self.position_channels = position_channels
        self.train_positions = train_positions
        self.norms = nn.ModuleList(map(Standardization, in_channels))
        state = np.random.get_state()  # PermuteRandom seeds numpy for everyone.
        self.flows = nn.ModuleList(
            self._flow(width, num_blocks, hidden_channels, kernel_sizes, clamp, seed)
            for width in in_channels
        )
        np.random.set_state(state)

    def _flow(self, width, num_blocks, hidden, kernel_sizes, clamp, seed) -> nn.Module:
        from FrEIA.framework import SequenceINN
        from FrEIA.modules import GLOWCouplingBlock, PermuteRandom

        condition = {}
        if self.position_channels:
            condition = dict(cond=0, cond_shape=(self.position_channels, 1, 1))
        # FrEIA looks at the channels alone: any height and width will do.
        blocks = SequenceINN(width, 1, 1)
        for index in range(num_blocks):
            blocks.append(PermuteRandom, seed=seed + index)
            make_buffers(blocks[-1], ('perm', 'perm_inv'))
            size = kernel_sizes[index % len(kernel_sizes)]
            blocks.append(
                GLOWCouplingBlock,
                **condition,
                subnet_constructor=partial(_subnet, hidden=hidden, kernel_size=size),
                clamp=clamp,
                clamp_activation=partial(soft_clamp, clamp=clamp),
            )
            # FrEIA sums log-scales over this many dimensions: the channels alone.
            blocks[-1].ndims = 1
        return blocks

    def forward(self, maps: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """To the latent space.

        Args:
            maps: (B, C, h, w) of each scale.

        Returns:
            For each scale z (B, C, h, w), and what each position adds to the logarithm
            of the Jacobian's absolute determinant, (B, h, w).

        Raises:
            InputError: The maps' channels are not ``in_channels``.
        """
        found = tuple(each.shape[1] for each in maps)
        if found != self.in_channels:
            raise InputError(
                f'SpatialFlow: in_channels is {self.in_channels}, expected {found}, '
                'the channels of the maps'
            )
        parts = zip(maps, self.norms, self.flows, strict=True)
        return [self._latent(*each) for each in parts]

    def _latent(self, features: Tensor, norm: Standardization, flow: nn.Module):
        batch, _, height, width = features.shape
        condition = None
        if self.position_channels:
            code = position_code(height, width, self.position_channels)
            condition = code.to(features).expand(batch, *code.shape)
        count = self.train_positions
        if self.training and count is not None and count < height * width:
            chosen = torch.rand(batch, height * width).topk(count, 1).indices
            chosen = chosen[:, None].to(features.device)
            features = _take(features, chosen)
            condition = None if condition is None else _take(condition, chosen)
        features, extra = norm(features)
        z, log_det = flow(features, None if condition is None else [condition])
        return z, log_det + extra / features[0, 0].numel()


def _take(maps: Tensor, positions: Tensor) -> Tensor:
    """Maps (B, C, P, 1) at positions (B, 1, P) of maps (B, C, h, w)."""
    width = maps.shape[1]
    return maps.flatten(2).gather(2, positions.expand(-1, width, -1))[..., None]


def position_code(height: int, width: int, channels: int) -> Tensor:
    """Sines and cosines of row and column (channels, height, width).

    Frequencies double from half a wave over the map on, so that near positions have
    near codes at any size.
    """
    rows = (torch.arange(height) + 0.5) / height
    columns = (torch.arange(width) + 0.5) / width
    waves = torch.pi * 2.0 ** torch.arange(channels // 4)
    parts = []
    for wave in waves:
        for function in (torch.sin, torch.cos):
            parts.append(function(wave * rows)[:, None].expand(height, width))
            parts.append(function(wave * columns)[None].expand(height, width))
    return torch.stack(parts)


def _subnet(in_channels: int, out_channels: int, hidden: int, kernel_size: int):
    """Two convolutions, to the scales and shifts of half of the features."""
    padding = kernel_size // 2
    layers = nn.Sequential(
        nn.Conv2d(in_channels, hidden, kernel_size, padding=padding),
        nn.ReLU(inplace=True),
        nn.Conv2d(hidden, out_channels, kernel_size, padding=padding),
    )
    nn.init.zeros_(layers[-1].weight)
    nn.init.zeros_(layers[-1].bias)
    return layers
