# Copyright (c) mmacnn authors. All rights reserved.

from mmacnn.ops import RegionRule
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number


def region_rule(name: str, settings: dict | None) -> RegionRule:
    """The rule of a model's ``regions``; without settings, of the threshold alone.

    Args:
        name: Of the model, for the message.
        settings: As :class:`mmacnn.ops.RegionRule`; None for none.

    Raises:
        InputError: A setting is unknown or out of range.
    """
    settings = dict(settings or {})
    unknown = sorted(settings.keys() - set(RegionRule._fields))
    if unknown:
        raise InputError(
            f'{name}: regions has {unknown[0]!r}, expected some of '
            f'{", ".join(RegionRule._fields)}'
        )
    for key, value in settings.items():
        if key != 'mm_per_pixel' or value is not None:
            least = 1e-9 if key == 'mm_per_pixel' else 0
            settings[key] = check_number(f'{name}: regions.{key}', value, least)
    return RegionRule(**settings)
