# Copyright (c) mmacnn authors. All rights reserved.
"""Label Studio's json, in full and as JSON-MIN; positions are in percent."""

import json
import math
from numbers import Real
from pathlib import Path

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet
from .geometry import box_of, ellipse
from .source import Source

NAME = 'label_studio'
KINDS = ('rectanglelabels', 'polygonlabels', 'ellipselabels')
WITHOUT_AREA = ('keypointlabels',)


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    found = [f for f in source.with_suffix('.json')[:3] if _is_tasks(source.json(f))]
    return f'Label Studio json ({", ".join(found)})' if found else None


def _is_tasks(content: object) -> bool:
    if not isinstance(content, list) or not content or not isinstance(content[0], dict):
        return False
    first = content[0]
    is_full = isinstance(first.get('data'), dict) and 'annotations' in first
    return is_full or ('annotator' in first and 'annotation_id' in first)


def read(source: Source) -> LabelledSet:
    """Read all tasks of a source.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A task is wrong.
    """
    images: dict[str, LabelledImage] = {}
    names: list[str] = []
    for file in source.with_suffix('.json'):
        content = source.json(file)
        if not _is_tasks(content):
            source.notes.add(
                "json that is not Label Studio's passed over", source.absolute(file)
            )
            continue
        for index, task in enumerate(content):
            where = f'{source.absolute(file)}: [{index}]'
            results = _results(task, where, source)
            if results is None:
                continue
            path = source.find_image(_image_name(task, where), where, file)
            if path is None:
                continue
            if path in images:
                raise InputError(
                    f'{where}: found a second task for {path}, expected one an image'
                )
            image = images[path] = source.open_image(path, where)
            for result in results:
                _read_result(result, image, where, source)
            for name in (*(o.name for o in image.objects), image.label):
                if name and name not in names:
                    names.append(name)
    listed = list(images.values())
    source.add_unlabelled(listed)
    return LabelledSet(NAME, listed, sorted(names))


def _image_name(task: dict, where: str) -> str:
    data = task['data'] if isinstance(task.get('data'), dict) else task
    for key in ('image', 'img', 'ocr'):
        if isinstance(data.get(key), str):
            return data[key]
    names = [v for v in data.values() if isinstance(v, str) and '.' in v[-5:]]
    if len(names) != 1:
        raise InputError(f'{where}: found no image in data, expected data.image')
    return names[0]


def _results(task: object, where: str, source: Source) -> list[dict] | None:
    """What was drawn, or None for a task that nobody has done."""
    if not isinstance(task, dict):
        raise InputError(f'{where}: found {short(task)}, expected a task')
    if 'annotations' not in task:  # JSON-MIN: labels beside the data
        return [
            item
            for value in task.values()
            if isinstance(value, list)
            for item in value
            if isinstance(item, dict)
        ]
    done = [
        a
        for a in task['annotations']
        if isinstance(a, dict) and not a.get('was_cancelled')
    ]
    if not done:
        source.notes.add('task without an annotation left out', where)
        return None
    if len(done) > 1:
        source.notes.add("second annotator's annotation of a task left out", where)
    chosen = next((a for a in done if a.get('ground_truth')), done[0])
    return [r for r in chosen.get('result') or [] if isinstance(r, dict)]


def _read_result(
    result: dict, image: LabelledImage, where: str, source: Source
) -> None:
    value = result['value'] if isinstance(result.get('value'), dict) else result
    if 'choices' in value:
        chosen = value['choices']
        if not isinstance(chosen, list) or len(chosen) != 1 or image.label:
            raise InputError(
                f'{where}: found the choices {short(chosen)}, expected one an image'
            )
        image.label = str(chosen[0])
        return
    if any(key in value for key in WITHOUT_AREA):
        source.notes.add('key point left out', where)
        return
    if 'brushlabels' in value or value.get('format') == 'rle':
        raise InputError(
            f'{where}: found a brush mask, expected boxes, polygons or ellipses '
            '(export it as COCO or as PNG masks)'
        )
    kind = next((key for key in KINDS if key in value), None)
    if kind is None:
        source.notes.add('result without a class left out', where)
        return
    labels = value[kind]
    if not isinstance(labels, list) or len(labels) != 1 or not labels[0]:
        raise InputError(f'{where}: found the labels {short(labels)}, expected one')
    name = str(labels[0]).strip()
    box, polygon = _shape(value, kind, image.size, where, source)
    outline = None if polygon is None else [polygon]
    image.objects.append(LabelledObject(name, box, outline, where=where))


def _shape(
    value: dict, kind: str, size: tuple[int, int], where: str, source: Source
) -> tuple[tuple, list[float] | None]:
    height, width = size
    if kind == 'polygonlabels':
        points = value.get('points')
        if not isinstance(points, list) or len(points) < 3:
            raise InputError(f'{where}: found points {short(points)}, expected three')
        polygon = [
            number / 100 * side
            for point in points
            for number, side in zip(point, (width, height), strict=True)
        ]
        return box_of(polygon), polygon
    x, y = _percent(value, 'x', where) * width, _percent(value, 'y', where) * height
    angle = math.radians(100 * _percent(value, 'rotation', where, 0.0))
    if kind == 'ellipselabels':
        radii = (
            _percent(value, 'radiusX', where) * width,
            _percent(value, 'radiusY', where) * height,
        )
        source.notes.add('ellipse (kept as a polygon)', where)
        polygon = ellipse((x, y), radii, angle)
        return box_of(polygon), polygon
    w = _percent(value, 'width', where) * width
    h = _percent(value, 'height', where) * height
    if not angle:
        return (x, y, x + w, y + h), None
    # turned clockwise round the upper left corner
    cos, sin = math.cos(angle), math.sin(angle)
    corners = ((0, 0), (w, 0), (w, h), (0, h))
    polygon = [
        v
        for dx, dy in corners
        for v in (x + dx * cos - dy * sin, y + dx * sin + dy * cos)
    ]
    source.notes.add('oriented box (its corners are kept as a polygon)', where)
    return box_of(polygon), polygon


def _percent(value: dict, key: str, where: str, default: float | None = None) -> float:
    number = value.get(key, default)
    if not isinstance(number, Real) or not math.isfinite(number):
        raise InputError(f'{where}: found {key} {short(number)}, expected a number')
    return float(number) / 100


def write(dataset: LabelledSet, folder: str) -> None:
    """Write ``tasks.json``: tasks with annotations, to be imported."""
    tasks = []
    for image in dataset.images:
        height, width = image.size
        results = []
        for item in image.objects:
            left, top, right, bottom = item.box
            position = dict(
                x=100 * left / width,
                y=100 * top / height,
                width=100 * (right - left) / width,
                height=100 * (bottom - top) / height,
                rotation=0,
                rectanglelabels=[item.name],
            )
            results.append(
                dict(
                    type='rectanglelabels',
                    from_name='label',
                    to_name='image',
                    original_width=width,
                    original_height=height,
                    value=position,
                )
            )
        tasks.append(
            dict(data=dict(image=image.name), annotations=[dict(result=results)])
        )
    Path(folder, 'tasks.json').write_text(
        json.dumps(tasks, indent=2) + '\n', encoding='utf-8'
    )
