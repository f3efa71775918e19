# Copyright (c) mmacnn authors. All rights reserved.
"""mmengine lays out the config anew with yapf for each log and checkpoint.

That takes half a second or more, many times a training, each time for the same text.
The last layouts are kept. Upstream: mmcv #2466.
"""

from functools import lru_cache
from types import ModuleType

KEPT = 16


def apply() -> None:
    """Keep what ``Config.pretty_text`` laid out."""
    owner = find_owner()
    if not hasattr(owner.FormatCode, 'kept'):
        owner.FormatCode = keep(owner.FormatCode)


def find_owner() -> ModuleType:
    """The module that ``Config.pretty_text`` takes yapf's function from."""
    from mmengine.config import config
    from yapf.yapflib import yapf_api

    # OneDL's mmengine takes it from yapf at each call.
    return config if hasattr(config, 'FormatCode') else yapf_api


def keep(format_code):
    """A ``FormatCode`` that remembers the last texts."""

    @lru_cache(KEPT)
    def laid_out(text: str, style: tuple, options: tuple):
        return format_code(text, style_config=dict(style), **dict(options))

    def kept(text: str, style_config: dict, **options):
        style = tuple(sorted(style_config.items()))
        return laid_out(text, style, tuple(sorted(options.items())))

    kept.kept = laid_out
    return kept
