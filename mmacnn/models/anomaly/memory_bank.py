# Copyright (c) mmacnn authors. All rights reserved.
"""What is kept of good images' local features, and the distance to it."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmacnn.ops import greedy_coreset, nearest_distance
from mmacnn.registry import MODELS
from mmacnn.utils import InputError


class MemoryBank(BaseModule):
    """Base of the banks: learned in one pass over good images.

    :meth:`start`, :meth:`collect` of each batch, :meth:`fit`. What is learned are
    buffers, whose size depends on the images.
    """

    def start(self, num_images: int) -> None:
        """Forget what was collected.

        Args:
            num_images: How many will come.
        """
        raise NotImplementedError

    def collect(self, features: Tensor, indices: Tensor) -> None:
        """Take the features (B, C, h, w) of images with these numbers (B,)."""
        raise NotImplementedError

    def fit(self) -> str:
        """Learn from what was collected, and forget it.

        Returns:
            A line for the log.
        """
        raise NotImplementedError

    @property
    def is_fitted(self) -> bool:
        """Whether there is anything to compare with."""
        raise NotImplementedError

    def forward(self, features: Tensor) -> Tensor:
        """Distances (B, h, w) of features (B, C, h, w)."""
        raise NotImplementedError

    def held_out(self, features: Tensor, indices: Tensor) -> Tensor:
        """Distances (B, h, w) of learned images, each without what it gave itself."""
        raise NotImplementedError

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        # A buffer's size depends on what was learned.
        for name, buffer in self._buffers.items():
            saved = state_dict.get(prefix + name)
            if saved is not None and saved.shape != buffer.shape:
                self._buffers[name] = buffer.new_empty(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *args)


@MODELS.register_module()
class CoresetBank(MemoryBank):
    """Some of the good images' features; the distance is that to the nearest one.

    Roth et al., *Towards Total Recall in Industrial Anomaly Detection*, CVPR 2022. The
    coreset is chosen among ``num_candidates`` random positions, equally many of each
    image, and not among all: with some hundred images this changes little, and is
    learned in seconds.

    Args:
        size: Vectors to keep, at most. Time of scoring rises with it.
        num_candidates: Vectors to choose them from.
        max_bytes: Memory that candidates and bank may take.
        num_projections: See :func:`mmacnn.ops.greedy_coreset`.
        seed: Of candidates and coreset.
        init_cfg: Config of the initialization.

    Raises:
        InputError: ``size`` or ``num_candidates`` is below 1.
    """

    def __init__(
        self,
        size: int = 2000,
        num_candidates: int = 20000,
        max_bytes: float = 4e9,
        num_projections: int = 64,
        seed: int = 0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if size < 1 or num_candidates < 1:
            raise InputError(
                f'CoresetBank: size is {size} and num_candidates {num_candidates}, '
                'expected 1 or more'
            )
        self.size = size
        self.num_candidates = max(size, num_candidates)
        self.max_bytes = max_bytes
        self.num_projections = num_projections
        self.seed = seed
        self.register_buffer('vectors', torch.zeros(0, 0))
        self.register_buffer('image_indices', torch.zeros(0, dtype=torch.long))

    def start(self, num_images: int) -> None:
        """See :class:`MemoryBank`."""
        self._num_images = max(1, num_images)
        self._candidates: list[tuple[Tensor, Tensor]] = []
        self._generator = torch.Generator().manual_seed(self.seed)

    def collect(self, features: Tensor, indices: Tensor) -> None:
        """See :class:`MemoryBank`.

        Raises:
            InputError: The candidates would not fit into ``max_bytes``.
        """
        vectors = features.detach().permute(0, 2, 3, 1).flatten(1, 2).float().cpu()
        count = min(vectors.shape[1], -(-self.num_candidates // self._num_images))
        if not self._candidates:
            self._check_memory(count, vectors.shape[2])
        for each, index in zip(vectors, indices.tolist(), strict=True):
            chosen = torch.randperm(len(each), generator=self._generator)[:count]
            self._candidates.append((each[chosen], torch.full((count,), index)))

    def _check_memory(self, per_image: int, width: int) -> None:
        count = self._num_images * per_image
        # Candidates are kept once in pieces and once together, then their projections.
        of_each = 4 * (2 * width + self.num_projections)
        needed = count * of_each + 4 * width * min(count, self.size)
        if needed > self.max_bytes:
            fits = int(self.max_bytes / (of_each + 4 * width))
            raise InputError(
                f'CoresetBank: {count} candidates of {width} features and a bank of '
                f'{self.size} take {needed / 1e9:.3g} GB, expected at most max_bytes, '
                f'{self.max_bytes / 1e9:.3g} GB; it fits with size='
                f'{min(self.size, fits)} and num_candidates={fits}'
            )

    def fit(self) -> str:
        """See :class:`MemoryBank`.

        Raises:
            InputError: Nothing was collected.
        """
        if not self._candidates:
            raise InputError('CoresetBank: found no image to learn from')
        vectors, owners = map(torch.cat, zip(*self._candidates, strict=True))
        self._candidates = []
        chosen = greedy_coreset(vectors, self.size, self.num_projections, self.seed)
        self.vectors = vectors[chosen].to(self.vectors.device)
        self.image_indices = owners[chosen].to(self.vectors.device)
        return (
            f'memory bank: {len(chosen)} of {len(vectors)} vectors of '
            f'{vectors.shape[1]} features, {self.vectors.nbytes / 1e6:.3g} MB'
        )

    @property
    def is_fitted(self) -> bool:
        """See :class:`MemoryBank`."""
        return len(self.vectors) > 0

    def forward(self, features: Tensor) -> Tensor:
        """See :class:`MemoryBank`."""
        batch, width, height, columns = features.shape
        vectors = features.permute(0, 2, 3, 1).reshape(-1, width)
        distances = nearest_distance(vectors, self.vectors)
        return distances.reshape(batch, height, columns)

    def held_out(self, features: Tensor, indices: Tensor) -> Tensor:
        """See :class:`MemoryBank`."""
        maps = []
        for each, index in zip(features, indices, strict=True):
            own = self.image_indices == index.to(self.image_indices)
            if own.all():  # The only image: nothing else to compare with.
                own = torch.zeros_like(own)
            vectors = each.flatten(1).t()
            distances = nearest_distance(vectors, self.vectors, own)
            maps.append(distances.reshape(each.shape[1:]))
        return torch.stack(maps)


@MODELS.register_module()
class GaussianBank(MemoryBank):
    """A Gaussian distribution for each position; the distance is Mahalanobis'.

    Defard et al., *PaDiM: a Patch Distribution Modeling Framework for Anomaly Detection
    and Localization*, ICPR 2020. For parts that always lie alike; all images must have
    one size.

    Args:
        num_features: Features to keep of each vector, drawn at random; all of them if
            there are fewer.
        shrinkage: Added to the diagonal of a covariance matrix, as a fraction of its
            mean diagonal.
        max_bytes: Memory that the covariance matrices may take.
        seed: Of the choice of features.
        init_cfg: Config of the initialization.
    """

    def __init__(
        self,
        num_features: int = 64,
        shrinkage: float = 0.05,
        max_bytes: float = 4e9,
        seed: int = 0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_features = num_features
        self.shrinkage = shrinkage
        self.max_bytes = max_bytes
        self.seed = seed
        self.register_buffer('chosen', torch.zeros(0, dtype=torch.long))
        self.register_buffer('mean', torch.zeros(0, 0))
        self.register_buffer('covariance', torch.zeros(0, 0, 0))
        self.register_buffer('whitening', torch.zeros(0, 0, 0))
        self.register_buffer('count', torch.tensor(0))

    def start(self, num_images: int) -> None:
        """See :class:`MemoryBank`."""
        self._sum = self._products = None
        self._seen = 0

    def collect(self, features: Tensor, indices: Tensor) -> None:
        """See :class:`MemoryBank`.

        Raises:
            InputError: The matrices would not fit into ``max_bytes``, or the size of
                the images changes.
        """
        if self._sum is None:
            self._choose(features)
        vectors = self._vectors(features.detach().cpu()).double()
        if vectors.shape[1] != len(self._sum):
            raise InputError(
                f'GaussianBank: found images of {vectors.shape[1]} positions, expected '
                f'{len(self._sum)} as in the first: all of one size'
            )
        self._sum += vectors.sum(0)
        self._products += torch.einsum('bpd,bpe->pde', vectors, vectors)
        self._seen += len(vectors)

    def _choose(self, features: Tensor) -> None:
        _, width, height, columns = features.shape
        kept, positions = min(self.num_features, width), height * columns
        needed = 24 * positions * kept**2
        if needed > self.max_bytes:
            fits = int((self.max_bytes / 24 / positions) ** 0.5)
            raise InputError(
                f'GaussianBank: covariances of {positions} positions and {kept} '
                f'features take {needed / 1e9:.3g} GB, expected at most max_bytes, '
                f'{self.max_bytes / 1e9:.3g} GB; it fits with num_features={fits}'
            )
        order = torch.randperm(
            width, generator=torch.Generator().manual_seed(self.seed)
        )
        self.chosen = order[:kept].sort().values.to(features.device)
        self._sum = torch.zeros(positions, kept, dtype=torch.float64)
        self._products = torch.zeros(positions, kept, kept, dtype=torch.float64)

    def fit(self) -> str:
        """See :class:`MemoryBank`.

        Raises:
            InputError: There are less than two images.
        """
        if self._seen < 2:
            raise InputError(
                f'GaussianBank: found {self._seen} image to learn from, expected 2 or '
                'more'
            )
        mean = self._sum / self._seen
        covariance = self._products - self._seen * mean[:, :, None] * mean[:, None]
        covariance /= self._seen - 1
        device = self.mean.device
        self.mean = mean.float().to(device)
        self.covariance = covariance.float().to(device)
        self.whitening = self._whiten(covariance).float().to(device)
        self.count = torch.tensor(self._seen, device=device)
        self.start(0)
        return (
            f'memory bank: {len(mean)} Gaussians of {mean.shape[1]} features, '
            f'{self.covariance.nbytes / 1e6:.3g} MB'
        )

    def _whiten(self, covariance: Tensor) -> Tensor:
        """(P, D, D) that make vectors of this covariance white."""
        width = covariance.shape[1]
        scale = covariance.diagonal(dim1=1, dim2=2).mean(1).clamp(min=1e-12)
        eye = torch.eye(width, dtype=covariance.dtype)
        loaded = covariance + self.shrinkage * scale[:, None, None] * eye
        factor = torch.linalg.cholesky(loaded)
        return torch.linalg.solve_triangular(factor, eye.expand_as(factor), upper=False)

    @property
    def is_fitted(self) -> bool:
        """See :class:`MemoryBank`."""
        return len(self.whitening) > 0

    def _vectors(self, features: Tensor) -> Tensor:
        """(B, positions, D) of features (B, C, h, w)."""
        return features.flatten(2).transpose(1, 2)[
            :, :, self.chosen.to(features.device)
        ]

    def forward(self, features: Tensor) -> Tensor:
        """See :class:`MemoryBank`."""
        away = self._vectors(features) - self.mean
        white = torch.matmul(self.whitening, away[..., None])[..., 0]
        distances = (white.square().sum(2) + 1e-12).sqrt()
        return distances.reshape(len(features), *features.shape[-2:])

    def held_out(self, features: Tensor, indices: Tensor) -> Tensor:
        """See :class:`MemoryBank`; mean and covariance are those without the image."""
        count = int(self.count)
        if count < 3:
            return self(features)
        maps = []
        for each in self._vectors(features):
            away = (each - self.mean).double().cpu()
            mean = -away / (count - 1)  # of the others, from the mean of all
            covariance = (count - 1) * self.covariance.double().cpu()
            covariance -= count / (count - 1) * away[:, :, None] * away[:, None]
            whitening = self._whiten(covariance / (count - 2))
            white = torch.matmul(whitening, (away - mean)[..., None])[..., 0]
            maps.append((white.square().sum(1) + 1e-12).sqrt().float())
        return torch.stack(maps).to(features).reshape(-1, *features.shape[-2:])
