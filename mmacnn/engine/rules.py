# Copyright (c) mmacnn authors. All rights reserved.
"""Verdict rules of a config or a file, checked; see :mod:`mmacnn.line.rules`."""

import json
from collections.abc import Collection
from typing import Annotated, Any

import yaml
from mmengine.config import Config
from pydantic import ConfigDict, Field, model_validator

from mmacnn.utils import InputError, read_text
from mmacnn.utils.file_schema import FileSchema, check_schema
from mmacnn.utils.text import short

KEY, ANY = 'rules', '*'
Score = Annotated[float, Field(ge=0, le=1)]
Least = Annotated[float, Field(ge=0)]
Numbers = Annotated[list[float], Field(min_length=6)]
Box = Annotated[list[float], Field(min_length=4, max_length=4)]


class Strict(FileSchema):
    """Takes no other keys: one is a typing error."""

    model_config = ConfigDict(strict=True, extra='forbid', allow_inf_nan=False)


class Band(Strict):
    """From which score the verdict is 'unsure', and from which 'fail'."""

    fail_from: float | None = None
    unsure_from: float | None = None

    @model_validator(mode='after')
    def _is_in_order(self):
        low, high = self.unsure_from, self.fail_from
        if low is not None and (high is None or low > high):
            raise ValueError('expected a fail_from, no lower than unsure_from')
        return self


class OfImage(Band):
    """``image``."""

    fail_from: float


class OfClass(Band):
    """An entry of ``classes``."""

    fail_from: Score | None = None
    unsure_from: Score | None = None
    min_area: Least | None = None
    min_length: Least | None = None
    max_count: Annotated[int, Field(ge=0)] | None = None


class Zone(Strict):
    """An entry of ``zones``."""

    box: Box | None = None
    polygon: Numbers | None = None
    weight: float

    @model_validator(mode='after')
    def _is_one_place(self):
        if (self.box is None) == (self.polygon is None):
            raise ValueError('expected either box or polygon')
        if self.box and min(self.box[2:]) <= 0:
            raise ValueError('expected a box x, y, width, height, the last two above 0')
        if self.polygon and len(self.polygon) % 2:
            raise ValueError('expected a polygon x, y, x, y, x, y')
        if 0 < self.weight < 1 or self.weight < 0:
            raise ValueError('expected the weight 0, or at least 1')
        return self


class Rules(Strict):
    """All rules; see :mod:`mmacnn.line.rules`."""

    accept: list[str] | None = None
    min_score: Score | None = None
    image: OfImage | None = None
    classes: dict[str, OfClass] | None = None
    zones: list[Zone] | None = None


def check_rules(
    rules: Any, where: str, classes: Collection[str] | None = None
) -> dict[str, Any]:
    """Look at verdict rules before they decide anything.

    Args:
        rules: What the user wrote.
        where: The file, or the config and its key.
        classes: Names of the model's classes, where they are known.

    Returns:
        The rules in plain values of JSON, without keys that are None.

    Raises:
        InputError: A key or a value is wrong, or a class is none of the model's.
    """
    try:
        plain = json.loads(json.dumps(rules))
    except (TypeError, ValueError):
        raise InputError(f'{where}: found {short(rules)}, expected rules') from None
    check_schema(Rules, plain, where, 'verdict rules')
    plain = without_none(plain)
    for key in ('accept', 'classes'):
        if classes is None:
            break
        unknown = sorted(set(plain.get(key, ())) - {ANY, *map(str, classes)})
        if unknown:
            expected = ', '.join(map(str, classes)) or 'none is known'
            raise InputError(
                f'{where}: {key}: found {unknown}, expected names of classes: '
                f'{expected}'
            )
    return plain


def without_none(value: Any) -> Any:
    """Plain values without the keys of dicts that are None."""
    if isinstance(value, list):
        return [without_none(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if each is not None}
    return {key: without_none(each) for key, each in kept.items()}


def read_rules(path: str) -> dict[str, Any]:
    """Read verdict rules of a YAML or JSON file.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is something else.
    """
    try:
        content = yaml.safe_load(read_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        reason = ' '.join(str(error).split())
        raise InputError(f'{path}: expected verdict rules, found {reason}') from None
    return check_rules(content or {}, path)


def rules_of(cfg: Config) -> dict[str, Any]:
    """The verdict rules of a config; {} where it has none.

    Raises:
        InputError: They are wrong.
    """
    plain = cfg.to_dict().get(KEY)
    return check_rules(plain or {}, f'{cfg.filename}: {KEY}')
