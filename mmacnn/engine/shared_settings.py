# Copyright (c) mmacnn authors. All rights reserved.
"""Settings at the top of a config that are those of all its data sets.

``category``, ``data_root``, ``classes`` and ``img_scale``: a line chooses the data, and
not one for each data loader and evaluator.
"""

from collections.abc import Iterator, Sequence

from mmengine.config import Config

from mmacnn.utils import InputError

from .config_keys import ancestors

SHARED = ('category', 'data_root', 'classes', 'img_scale')
LOADER = 'LoadAnyDepthImage'
PLACES = ('_dataloader', '_evaluator')


def share_settings(cfg: Config, options: dict) -> None:
    """Bring settings at the top to data sets, their pipelines and evaluators.

    A ``data_root``, ``classes`` or ``img_scale`` (width, height) takes the place of
    those that a base config has at its top; a data set that was given others keeps
    them.

    Args:
        cfg: The config, which is changed.
        options: ``--cfg-options``, whose values come before those of the file.

    Raises:
        InputError: One of the options would change nothing.
    """
    category = options.get('category', cfg.get('category'))
    if category is not None:
        found = [each for each in _dicts(cfg) if 'category' in each]
        for each in found:
            each['category'] = category
        if options.get('category') and not found:
            _refuse(cfg, 'category', 'no data set takes one')
    for key, share in (('data_root', _share_root), ('classes', _share_classes)):
        if cfg.get(key) is not None:
            share(cfg, cfg[key], _former(cfg, key))
        if options.get(key) is not None:
            former = _former(cfg, key, options[key])
            if not share(cfg, options[key], former) and former != [options[key]]:
                _refuse(
                    cfg,
                    key,
                    f'the data sets have others than the {key} at the top; name '
                    f'train_dataloader.dataset.{key} and so on',
                )
    if cfg.get('img_scale') is not None:
        bases = (base.get('img_scale') for base in ancestors(cfg.filename))
        _share_scale(cfg, cfg.img_scale, [scale for scale in bases if scale])
    if options.get('img_scale') is not None:
        former = [cfg.img_scale] if cfg.get('img_scale') else []
        scale = options['img_scale']
        if not _share_scale(cfg, scale, former) and not _is_among(scale, former):
            _refuse(cfg, 'img_scale', 'no Resize has the img_scale at the top')
    cfg.update({key: options[key] for key in SHARED if key in options})


def set_loader(cfg: Config) -> None:
    """Let all pipelines read images by one loader, of one depth where it is given."""
    for step in _dicts(cfg):
        kind = step.get('type')
        name = kind.rpartition('.')[2] if isinstance(kind, str) else ''
        if name == 'LoadImageFromFile' and step.keys() <= {'type', 'backend_args'}:
            name, step['type'] = LOADER, f'mmacnn.{LOADER}'
        if name == LOADER and 'depth' in cfg:
            step['depth'] = cfg.depth


def _share_scale(cfg: Config, scale: Sequence[int], former: list) -> bool:
    """Resize to another (width, height); return whether there was a former one.

    Transforms of regions have a ``size`` (height, width).
    """
    changed = False
    for each in _dicts(cfg):
        kind = str(each.get('type'))
        if 'Resize' in kind and _is_among(each.get('scale'), former):
            each['scale'], changed = tuple(scale), True
        size = each.get('size') if 'Region' in kind else None
        if isinstance(size, Sequence) and _is_among(size[::-1], former):
            each['size'], changed = tuple(scale[::-1]), True
    return changed


def _is_among(scale: object, scales: list) -> bool:
    return isinstance(scale, Sequence) and list(scale) in [
        list(each) for each in scales
    ]


def _share_root(cfg: Config, root: str, former: list) -> bool:
    """Change paths that begin with a former root; return whether there was one."""
    changed = False
    for place in _dicts(cfg):
        for key, value in place.items():
            for old in former if isinstance(value, str) else ():
                new = _moved(value, str(old), root, is_root=key == 'data_root')
                if new is not None:
                    place[key] = new
                    changed = True
                    break
    return changed


def _moved(path: str, old: str, new: str, is_root: bool) -> str | None:
    """A path below ``old`` as one below ``new``; None for another path."""
    if is_root and path.rstrip('/') == old.rstrip('/'):
        return new
    start = old.rstrip('/') + '/'
    if not old or not path.startswith(start):
        return None
    return f'{new.rstrip("/")}/{path.removeprefix(start)}'


def _share_classes(cfg: Config, classes: Sequence[str], former: list) -> bool:
    """Change former names of the classes; add them if no data set has any."""
    if isinstance(classes, str) or not isinstance(classes, Sequence):
        return False  # a file of names, or a number: a variable of its own
    named = [each for each in _dicts(cfg) if each.get('classes') is not None]
    if named:
        former = [list(names) for names in former if not isinstance(names, str)]
        changed = [each for each in named if list(each['classes']) in former]
    else:
        changed = [each for each in _dicts(cfg) if 'pipeline' in each]
        for each in changed:
            each['metainfo'] = each.get('metainfo') or {}
        changed = [each['metainfo'] for each in changed]
    for each in changed:
        each['classes'] = list(classes)
    return bool(changed)


def _former(cfg: Config, key: str, new: object = None) -> list:
    """Values that the data sets may have got from a base config.

    Args:
        cfg: The config.
        key: ``'data_root'`` or ``'classes'``.
        new: What an option says, None if the value at the top is the new one.
    """
    used = [each[key] for each in _dicts(cfg) if each.get(key) is not None]
    own = cfg.get(key)
    if new is None:
        if all(_same(value, own) for value in used):
            return []
        return [base[key] for base in ancestors(cfg.filename) if key in base]
    if used and all(_same(value, used[0]) for value in used):
        return [used[0]]
    return [] if own is None else [own]


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return list(one) == list(other)


def _dicts(cfg: Config) -> Iterator[dict]:
    """All dicts in data loaders and evaluators; data sets can hold data sets."""
    pending = [value for key, value in cfg.items() if key.endswith(PLACES)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
            yield value
        elif isinstance(value, (list, tuple)):
            pending += value


def _refuse(cfg: Config, key: str, reason: str) -> None:
    raise InputError(f'{cfg.filename}: --cfg-options {key}: {reason}')
