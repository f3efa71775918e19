# Copyright (c) mmacnn authors. All rights reserved.
"""A trained classifier as a CAM classifier: the same weights under other names."""

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.models import GlobalAveragePooling, ImageClassifier, LinearClsHead
from torch import Tensor, nn

from mmacnn.models.backbones import cell_geometry
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

PREFIX = 'head.fc.'


def classifier_to_cam(
    cfg: Config, state_dict: dict[str, Tensor]
) -> tuple[Config, dict[str, Tensor]]:
    """Turn a classifier of global average pooling and one linear layer into our model.

    The scores stay as they are, and the maps are those of the classifier. Of two
    classes' logits the difference is kept, which is all that their softmax depends on;
    its map is the difference of both maps.

    Args:
        cfg: The classifier's config; mmpretrain's ``ImageClassifier``.
        state_dict: Its weights.

    Returns:
        The config and the weights of a ``mmacnn.CAMClassifier``.

    Raises:
        InputError: The classifier is of another kind, and has no such map, or the
            weights are not its own.
    """
    cfg = cfg.copy()
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    model = MODELS.build(cfg.model)
    _check(model, cfg.filename)
    try:
        model.load_state_dict(state_dict)
    except RuntimeError as error:  # one line a weight, after a headline
        problem = str(error).strip().splitlines()[1].strip()
        raise InputError(
            f'{cfg.filename}: the weights do not fit its model: {problem}'
        ) from None
    settings = cfg.model
    num_classes, in_channels = model.head.num_classes, model.head.in_channels
    cfg.model = dict(
        type='mmacnn.CAMClassifier',
        data_preprocessor=settings.get(
            'data_preprocessor', cfg.get('data_preprocessor')
        ),
        backbone=settings.backbone,
        head=dict(
            type='mmacnn.CAMHead', num_classes=num_classes, in_channels=in_channels
        ),
    )
    modules = cfg.get('custom_imports', {}).get('imports', [])
    modules = [modules] if isinstance(modules, str) else list(modules)
    if 'mmacnn' not in modules:
        cfg.custom_imports = dict(imports=[*modules, 'mmacnn'])
    weights = dict(state_dict)
    if num_classes == 2:
        for name in ('weight', 'bias'):
            good, defective = weights[PREFIX + name]
            weights[PREFIX + name] = (defective - good)[None]
    return cfg, weights


def _check(model: nn.Module, path: str | None) -> None:
    """Refuse what is not: map, mean, one linear layer."""
    where = f'{path or "config"}: model'
    if type(model) is not ImageClassifier:
        raise InputError(
            f'{where}.type is {type(model).__name__}, expected ImageClassifier'
        )
    if type(model.head) is not LinearClsHead:
        raise InputError(
            f'{where}.head is {type(model.head).__name__}, expected LinearClsHead: '
            'only a mean and one linear layer have an activation map'
        )
    if type(model.neck) is not GlobalAveragePooling:
        raise InputError(
            f'{where}.neck is {type(model.neck).__name__}, expected '
            'GlobalAveragePooling: only a mean may change places with the linear layer'
        )
    try:
        cell_geometry(model.backbone)
    except ValueError as error:
        raise InputError(f'{where}.backbone: {error}') from None
