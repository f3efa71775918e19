# Copyright (c) mmacnn authors. All rights reserved.
"""mmengine lays out the config anew with yapf for each log and checkpoint.

That takes half a second or more, many times a training, each time for the same text.
The last layouts are kept. Upstream: mmcv #2466.
"""

from functools import lru_cache

KEPT = 16


def apply() -> None:
    """Keep what ``Config.pretty_text`` laid out."""
    from mmengine.config import config

    if not hasattr(config.FormatCode, 'kept'):
        config.FormatCode = keep(config.FormatCode)


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
