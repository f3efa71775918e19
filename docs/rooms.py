#!/usr/bin/env python
# Copyright (c) mmacnn authors. All rights reserved.
"""The rooms of the repository: which may import which, which do, and a picture.

``python docs/rooms.py`` draws docs/images/rooms.svg. ``tests/test_imports.py`` checks
the direction of the imports.
"""

import argparse
import ast
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / 'docs/images/rooms.svg'

# From top to bottom. A room imports from the rows below its own.
ROWS = (
    ('tools', 'benchmarks', 'demo', 'runner'),
    ('cli',),
    ('apis', 'service'),
    ('inference', 'benchmark'),
    ('deploy',),
    ('engine', 'reporting', 'converters', 'line'),
    ('datasets', 'evaluation', 'visualization', 'models', 'synthetic'),
    ('ops', 'utils', 'registry', 'version', 'compat'),
)
# Folders outside of the package: nothing imports them.
OUTSIDE = ('tools', 'benchmarks', 'demo', 'runner')
# They import no other room: one runs before all of them, two run without the package.
ALONE = ('compat', 'runner', 'line')
# `import mmacnn` itself runs these, before any room.
START = ('compat', 'registry', 'version')

ROW_OF = {room: number for number, rooms in enumerate(ROWS) for room in rooms}


def is_allowed(source: str, target: str) -> bool:
    """Whether one room may import another.

    Raises:
        KeyError: A room is in no row.
    """
    if source == target:
        return True
    if source == 'mmacnn':
        return target in START
    if source in ALONE or target in OUTSIDE:
        return False
    return ROW_OF[target] > ROW_OF[source]


def read_imports(root: Path = ROOT) -> dict[tuple[str, str], list[str]]:
    """Find the imports between rooms, also those inside functions.

    Args:
        root: The repository, with ``mmacnn/`` and the folders beside it.

    Returns:
        (importing room, imported room) to the places, ``file:line``.
    """
    found = {}
    for folder in ('mmacnn', *OUTSIDE):
        for path in sorted((root / folder).rglob('*.py')):
            parts = path.relative_to(root).with_suffix('').parts
            for module, line in imported_modules(path.read_text('utf-8'), parts):
                pair = room_of(parts), room_of(module)
                if pair[1] and pair[0] != pair[1]:
                    place = f'{path.relative_to(root)}:{line}'
                    found.setdefault(pair, []).append(place)
    return found


def imported_modules(
    code: str, parts: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield each imported name, split at its dots, and the line.

    ``import a.b``, ``from a import b``, relative imports and
    ``import_module('a.b')`` count, at the top of the file or inside a function.

    Args:
        code: The source of a module.
        parts: The module's own name, split at its dots.
    """
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import(names=names):
                yield from ((tuple(n.name.split('.')), node.lineno) for n in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = parts[:-level] if level else ()
                start += tuple(module.split('.')) if module else ()
                yield from (((*start, name.name), node.lineno) for name in names)
            case ast.Call(
                func=ast.Name(id='import_module') | ast.Attribute(attr='import_module'),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield tuple(name.split('.')), node.lineno


def room_of(module: tuple[str, ...]) -> str | None:
    """Name the room of a module; None for other packages and for ``mmacnn`` itself.

    ``mmacnn/__init__.py`` is the room ``mmacnn``; ``mmacnn/__main__.py`` belongs to the
    room ``cli``.
    """
    if module[0] in OUTSIDE:
        return module[0]
    if module[0] != 'mmacnn' or len(module) == 1:
        return None
    room = module[1]
    if room == '__main__':
        return 'cli'
    return room if room in ROW_OF else 'mmacnn' if room == '__init__' else None


# ---------------------------------------------------------------------- the picture

# Left edge of each room, in columns; a row of the picture is a row of ROWS.
COLUMN = {
    **dict(tools=0, benchmarks=1, demo=2, runner=4, cli=2, apis=1.5),
    **dict(inference=2, benchmark=1, deploy=1.5, converters=0, engine=1, reporting=2.5),
    **dict(line=4, service=3),
    **dict(datasets=0, models=1, evaluation=2, visualization=3, synthetic=4),
    **dict(ops=0, utils=1, registry=2, version=3, compat=4),
}
# In pixels.
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, LANE = 112, 32, 40, 44, 24, 10
FILL = (
    '#e8eef7',
    '#e8eef7',
    '#e8eef7',
    '#e5f2ea',
    '#e5f2ea',
    '#fbf3df',
    '#fbf3df',
    '#eee',
)
# Arrows to these would hide the others: most rooms import them.
BOTTOM = ROWS[-1]


def shortest_arrows(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the arrows that others replace.

    Args:
        pairs: (importing, imported) rooms, without a circle.

    Returns:
        The pairs from which all others follow, sorted.
    """
    below = {}
    for source, target in pairs:
        below.setdefault(source, set()).add(target)

    def reachable(room: str) -> set[str]:
        rooms = below.get(room, set())
        return rooms.union(*map(reachable, rooms))

    return sorted(
        (source, target)
        for source, rooms in below.items()
        for target in rooms
        if not any(target in reachable(other) for other in rooms - {target})
    )


def draw(pairs: Iterable[tuple[str, str]]) -> str:
    """Draw the rooms and their arrows.

    Args:
        pairs: (importing, imported) rooms.

    Returns:
        An SVG file's text.
    """
    arrows = shortest_arrows(
        {pair for pair in pairs if pair[0] in COLUMN and pair[1] not in BOTTOM}
    )
    width = 2 * MARGIN + 5 * WIDTH + 4 * GAP_X
    height = 2 * MARGIN + len(ROWS) * HEIGHT + (len(ROWS) - 1) * GAP_Y
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="DejaVu Sans, sans-serif" '
        'font-size="14">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/>'
        '</marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    lines += [_arrow(pair, points) for pair, points in _routes(arrows).items()]
    lines += [_box(room) for rooms in ROWS for room in rooms]
    return '\n'.join([*lines, '</svg>', ''])


def _left(room: str) -> float:
    return MARGIN + COLUMN[room] * (WIDTH + GAP_X)


def _top(row: int) -> float:
    return MARGIN + row * (HEIGHT + GAP_Y)


def _box(room: str) -> str:
    left, top = _left(room), _top(ROW_OF[room])
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{WIDTH}" height="{HEIGHT}" rx="5" '
        f'fill="{FILL[ROW_OF[room]]}" stroke="#889"/>'
        f'<text x="{left + WIDTH / 2:g}" y="{top + HEIGHT / 2 + 5:g}" '
        f'text-anchor="middle">{room}</text>'
    )


def _routes(arrows: list[tuple[str, str]]) -> dict[tuple[str, str], list[float]]:
    """Find the x of each arrow in each row, from its start to its end."""
    lanes = {}
    for arrow in arrows:
        lanes[arrow] = _lanes(*arrow, list(lanes.values()))
    # Arrows leave and reach a box side by side, in the order of where they lead.
    leaving, coming = {}, {}
    for (source, target), inner in lanes.items():
        first = inner[0][1] if inner else _left(target)
        last = inner[-1][1] if inner else _left(source)
        leaving.setdefault(source, []).append((first, target))
        coming.setdefault(target, []).append((last, source))

    def port(room: str, ends: list[tuple[float, str]], other: str) -> float:
        order = [name for _, name in sorted(ends)]
        return _left(room) + WIDTH * (order.index(other) + 1) / (len(order) + 1)

    return {
        (source, target): [
            port(source, leaving[source], target),
            *(x for _, x in inner),
            port(target, coming[target], source),
        ]
        for (source, target), inner in lanes.items()
    }


def _lanes(
    source: str, target: str, others: list[list[tuple[int, float]]]
) -> list[tuple[int, float]]:
    """Find a free x between the boxes of each row that an arrow crosses."""
    used = {lane for lanes in others for lane in lanes}
    first, last = ROW_OF[source], ROW_OF[target]
    x, found = _left(source) + WIDTH / 2, []
    goal = _left(target) + WIDTH / 2
    for row in range(first + 1, last):
        wish = x + (goal - x) / (last - row + 1)
        edges = [_left(room) for room in ROWS[row]]
        free = (
            lane
            for lane in range(LANE, 2 * MARGIN + 5 * WIDTH + 4 * GAP_X, LANE)
            if (row, lane) not in used
            and not any(e - LANE < lane < e + WIDTH + LANE for e in edges)
        )
        x = min(free, key=lambda lane: abs(lane - wish))
        found.append((row, x))
    return found


def _arrow(pair: tuple[str, str], xs: list[float]) -> str:
    row, bend = ROW_OF[pair[0]], GAP_Y * 0.5
    path = f'M{xs[0]:g} {_top(row) + HEIGHT:g}'
    for before, after in pairwise(xs):
        y = _top(row) + HEIGHT
        row += 1
        path += (
            f' C{before:g} {y + bend:g} {after:g} {_top(row) - bend:g} '
            f'{after:g} {_top(row):g}'
        )
        if row < ROW_OF[pair[1]]:
            path += f' V{_top(row) + HEIGHT:g}'
    return (
        f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#tip)">'
        f'<title>{pair[0]} imports {pair[1]}</title></path>'
    )


def main() -> None:
    argparse.ArgumentParser(description='Draw docs/images/rooms.svg.').parse_args()
    PICTURE.write_text(draw(read_imports()), encoding='utf-8')
    print(f'wrote {PICTURE.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
