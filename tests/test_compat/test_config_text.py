# Copyright (c) mmacnn authors. All rights reserved.
from mmengine.config import Config

import mmacnn  # noqa: F401
from mmacnn.compat import config_text


def test_a_config_is_laid_out_once(monkeypatch):
    calls = []
    owner = config_text.find_owner()
    plain = owner.FormatCode.kept.__wrapped__

    def format_code(text, **options):
        calls.append(text)
        style = tuple(sorted(options.pop('style_config').items()))
        return plain(text, style, tuple(options.items()))

    monkeypatch.setattr(owner, 'FormatCode', config_text.keep(format_code))
    cfg = Config(dict(model=dict(type='A', sizes=[1, 2]), data_root='b'))
    first = cfg.pretty_text
    assert cfg.pretty_text == first and len(calls) == 1
    assert Config.fromstring(first, '.py').model == cfg.model
    cfg.model.sizes = [3]
    assert cfg.pretty_text != first and len(calls) == 2


def test_it_is_applied_once():
    owner = config_text.find_owner()
    before = owner.FormatCode
    config_text.apply()
    assert owner.FormatCode is before
