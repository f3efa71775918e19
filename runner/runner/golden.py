# Copyright (c) mmacnn authors. All rights reserved.
"""The golden parts of a model folder, inspected before anything else is."""

from line.golden import compared_values, differences, read_golden
from line.rules import read_folder_rules

from .errors import UserError
from .inspection import Inspection
from .regions import Regions
from .sources import Images


def check_golden(model, backend):
    """Inspect the golden parts by the rules of the folder.

    Args:
        model (ModelFolder): the model.
        backend: its network, see ``backends``.

    Returns:
        int: number of golden parts; 0 where the folder has none.

    Raises:
        UserError: a result is another one than it must be.
        OSError: the golden parts were damaged or changed.
    """
    golden = read_golden(model.path)
    if golden is None:
        return 0
    regions = Regions(polygons=[polygon for (polygon,) in golden['regions']])
    rules = read_folder_rules(model.path)
    inspection = Inspection(model, backend, regions, rules, golden['score_thr'])
    for each in golden['images']:
        ((source, frame, error, _),) = Images([each['path']], model.input.depth)
        result = inspection(source, frame, error=error)
        problems = [result.error] if result.error else []
        found = compared_values(result.to_dict())
        problems += differences(each['expected'], found, golden['tolerance'])
        if problems:
            raise UserError(
                '{}: the model does not give the result of this golden part: {}'.format(
                    each['path'], '; '.join(problems)
                )
            )
    return len(golden['images'])
