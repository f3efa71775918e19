# Copyright (c) mmacnn authors. All rights reserved.
"""DifferNet's normalizing flow, on FrEIA."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

HIDDEN_LAYERS = 3


def soft_clamp(scale: Tensor, clamp: float) -> Tensor:
    """DifferNet's ``0.636 atan(s / clamp)``, in (-1, 1); FrEIA multiplies by clamp."""
    return 0.636 * torch.atan(scale / clamp)


@MODELS.register_module()
class NormalizingFlow(BaseModule):
    """Blocks of a fixed random permutation and an affine coupling.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021, section 3.2. FrEIA
    does the work: ``PermuteRandom`` and ``GLOWCouplingBlock``, whose clamping of the
    scales is replaced by DifferNet's. Its latent vector and log-determinant come from
    one pass. The permutations are in the state dict.

    Args:
        in_channels: Length D of the feature vector, 2 or more.
        num_blocks: Coupling blocks.
        hidden_channels: Width of the three hidden layers of a block's two subnets.
        clamp: The logarithm of a block's scale stays within +- ``clamp``, nearly.
        normalize: Bring each feature to mean 0 and standard deviation 1 first, as
            measured on the first batch that is trained on. DifferNet does not; it helps
            where features are far from that, such as those of a network that was not
            pretrained.
        seed: Of the permutations; that of block k is ``seed + k``.
        init_cfg: Config of the initialization.

    Raises:
        InputError: FrEIA is not installed.
            There are less than 2 channels or no block.
    """

    def __init__(
        self,
        in_channels: int,
        num_blocks: int = 8,
        hidden_channels: int = 2048,
        clamp: float = 3.0,
        normalize: bool = False,
        seed: int = 0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if find_spec('FrEIA') is None:
            raise InputError('NormalizingFlow needs FrEIA: pip install "FrEIA>=0.2"')
        if in_channels < 2 or num_blocks < 1:
            raise InputError(
                f'NormalizingFlow: in_channels is {in_channels} and num_blocks '
                f'{num_blocks}, expected 2 and 1 at least'
            )
        from FrEIA.framework import SequenceINN
        from FrEIA.modules import GLOWCouplingBlock, PermuteRandom

        self.in_channels = in_channels
        self.norm = Standardization(in_channels) if normalize else None
        self.blocks = SequenceINN(in_channels)
        state = np.random.get_state()  # PermuteRandom seeds numpy for everyone.
        for index in range(num_blocks):
            self.blocks.append(PermuteRandom, seed=seed + index)
            make_buffers(self.blocks[-1], ('perm', 'perm_inv'))
            self.blocks.append(
                GLOWCouplingBlock,
                subnet_constructor=partial(_subnet, hidden=hidden_channels),
                clamp=clamp,
                clamp_activation=partial(soft_clamp, clamp=clamp),
            )
        np.random.set_state(state)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """To the latent space.

        Args:
            features: (N, D).

        Returns:
            z (N, D), and the logarithm of the Jacobian's absolute determinant, (N,).
        """
        extra = 0.0
        if self.norm is not None:
            features, extra = self.norm(features)
        z, log_det = self.blocks(features)
        return z, log_det + extra

    def inverse(self, z: Tensor) -> Tensor:
        """From the latent space: the features (N, D) of z (N, D)."""
        features, _ = self.blocks(z, rev=True)
        return features if self.norm is None else self.norm.inverse(features)


class Standardization(nn.Module):
    """Features less their mean, over their standard deviation, of one batch.

    FrEIA's ``ActNorm`` does this too, but divides by 0 where a feature is constant, as
    dead channels are. Here no deviation counts as less than a tenth of their mean.

    Args:
        in_channels: Number of features.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.register_buffer('mean', torch.zeros(in_channels))
        self.register_buffer('std', torch.ones(in_channels))
        self.register_buffer('is_measured', torch.tensor(False))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, D) to (N, D), or (N, D, h, w), and the determinant's logarithm, ().

        The first batch in training with two rows at least is measured.
        """
        vectors = features.detach().movedim(1, -1).flatten(0, -2)
        if self.training and not self.is_measured and len(vectors) > 1:
            self._measure(vectors)
        shape = (-1, *(1,) * (features.ndim - 2))
        mean, std = self.mean.reshape(shape), self.std.reshape(shape)
        count = features[0, 0].numel()
        return (features - mean) / std, -count * self.std.log().sum()

    def _measure(self, features: Tensor) -> None:
        std = features.std(0)
        least = 0.1 * std.mean()
        if least > 0:
            self.mean.copy_(features.mean(0))
            self.std.copy_(std.clamp(min=least))
            self.is_measured.fill_(True)

    def inverse(self, features: Tensor) -> Tensor:
        return features * self.std + self.mean


def make_buffers(module: nn.Module, names: Sequence[str]) -> None:
    """Integers as buffers, since mmengine averages every parameter it initializes."""
    for name in names:
        values = getattr(module, name).data
        delattr(module, name)
        module.register_buffer(name, values)


def _subnet(in_channels: int, out_channels: int, hidden: int) -> nn.Sequential:
    """Three hidden layers, then the scales and shifts of half of the features."""
    layers: list[nn.Module] = []
    for _ in range(HIDDEN_LAYERS):
        layers += [nn.Linear(in_channels, hidden), nn.ReLU(inplace=True)]
        in_channels = hidden
    return nn.Sequential(*layers, nn.Linear(hidden, out_channels))
