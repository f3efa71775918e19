# Copyright (c) mmacnn authors. All rights reserved.
"""Features of frozen layers, computed once."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from mmacnn.utils import atomic_write

Maps = tuple[Tensor, ...]


class FeatureCache:
    """Maps of images that were seen before, found by the images' content.

    An image that is changed in any way, by augmentation too, is another one, so what is
    returned is what the network would return.

    Args:
        folder: Where to keep them between runs, below a folder named by the fingerprint
            of the weights; None for the memory alone.
        max_bytes: Maps past this size are not kept in the memory.
    """

    def __init__(self, folder: str | None = None, max_bytes: float = 2e9) -> None:
        self.folder = None if folder is None else Path(folder)
        self.max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Forget what is in the memory: the weights have changed."""
        self._maps: dict[bytes, Maps] = {}
        self._bytes = 0
        self._fingerprint: str | None = None

    def __call__(
        self, module: nn.Module, run: Callable[[Tensor], Maps], images: Tensor
    ) -> Maps:
        """The maps of images (B, C, H, W): those known, and the others by ``run``.

        Args:
            module: What ``run`` runs; its weights are part of the fingerprint.
            run: From images to maps.
            images: (B, C, H, W).
        """
        keys = [content_of(image) for image in images]
        found = {key: self._look_up(module, key) for key in keys}
        missing = [i for i, key in enumerate(keys) if found[key] is None]
        if missing:
            with torch.no_grad():
                computed = run(images[missing])
            for row, i in enumerate(missing):
                found[keys[i]] = tuple(each[row].clone().cpu() for each in computed)
                self._keep(module, keys[i], found[keys[i]])
        scales = zip(*(found[key] for key in keys), strict=True)
        return tuple(torch.stack(scale).to(images.device) for scale in scales)

    def _look_up(self, module: nn.Module, key: bytes) -> Maps | None:
        maps = self._maps.get(key)
        if maps is None and self.folder is not None:
            path = self._path(module, key)
            if path.is_file():
                maps = tuple(torch.load(path, map_location='cpu', weights_only=True))
        return maps

    def _keep(self, module: nn.Module, key: bytes, maps: Maps) -> None:
        size = sum(each.numel() * each.element_size() for each in maps)
        if self._bytes + size <= self.max_bytes:
            self._maps[key] = maps
            self._bytes += size
        if self.folder is not None:
            path = self._path(module, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as unfinished:
                torch.save(list(maps), unfinished)

    def _path(self, module: nn.Module, key: bytes) -> Path:
        if self._fingerprint is None:
            self._fingerprint = weights_of(module)
        return self.folder / self._fingerprint / f'{key.hex()}.pt'


def content_of(image: Tensor) -> bytes:
    """A fingerprint of an image (C, H, W): of its values, shape and type."""
    array = image.detach().cpu().contiguous().numpy()
    digest = hashlib.blake2b(f'{array.shape} {array.dtype}'.encode(), digest_size=16)
    digest.update(array.data)
    return digest.digest()


def weights_of(module: nn.Module) -> str:
    """A fingerprint of a module's structure and weights."""
    digest = hashlib.blake2b(repr(module).encode(), digest_size=8)
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
