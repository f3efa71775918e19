# Copyright (c) mmacnn authors. All rights reserved.
"""Every command of the documentation is one that its tool takes."""

import argparse
import re
import runpy
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest
from mmengine.config import Config
from torch.distributed.run import get_args_parser

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in (
        'README.md',
        'configs/**/*.md',
        'demo/**/*.md',
        'runner/**/*.md',
        'docs/**/*.md',
    )
    for page in ROOT.glob(pattern)
    if '_build' not in page.parts
)
BLOCK = re.compile(r'^( *)```bash\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)
INLINE = re.compile(r'(?<!`)`((?:python3? |torchrun |mim )[^`]+)`(?!`)')
# Bash itself unfolds the loops and variables. It finds no program but these, which
# write down their arguments.
RECORD = r"""
PATH=
cd() { :; }
record() { printf '%s\0' "$@" >&3; printf '\1\0' >&3; }
python() { record python "$@"; }
python3() { record python "$@"; }
torchrun() { record torchrun "$@"; }
mim() { record mim "$@"; }
srun() { while [[ $# -gt 0 && $1 != python* ]]; do shift; done; "$@"; }
command_not_found_handle() { :; }
"""
# The runner's own page speaks of a copy on the board.
MOVED = {'run.py': 'runner/run.py'}


def commands_of(page: Path, folder: Path) -> list[list[str]]:
    """Arguments of each python, torchrun and mim in the page's examples."""
    text = page.read_text(encoding='utf-8')
    blocks = [textwrap.dedent(match[2]) for match in BLOCK.finditer(text)]
    blocks += [
        ' '.join(code.split()) for code in INLINE.findall(text) if '...' not in code
    ]
    commands = []
    for number, block in enumerate(blocks):
        script, out = folder / f'{number}.sh', folder / f'{number}.out'
        script.write_text(f'exec 3>{out}\n{RECORD}\n{block}\n')
        done = subprocess.run(
            ['bash', script], cwd=folder, capture_output=True, text=True, timeout=20
        )
        assert 'syntax error' not in done.stderr, f'{page}: {block}: {done.stderr}'
        calls = out.read_text(encoding='utf-8').split('\1\0')[:-1]
        commands += [call.split('\0')[:-1] for call in calls]
    return commands


def script_of(command: list[str]) -> tuple[str, list[str]] | None:
    """The script that a command runs and its arguments, None if it is not ours."""
    program, *arguments = command
    if program == 'torchrun':
        started = get_args_parser().parse_args(arguments)
        script, arguments = started.training_script, started.training_script_args
        return ('mmacnn' if started.module else script), arguments
    if program == 'mim':
        kind, package, *rest = arguments
        if kind == 'run':
            return f'tools/{rest[0]}.py', rest[1:]
        return (f'tools/{kind}.py', rest) if package == 'mmacnn' else None
    if arguments[:2] == ['-m', 'mmacnn']:
        return 'mmacnn', arguments[2:]
    if arguments and arguments[0].endswith('.py'):
        script = arguments[0].removeprefix('../')
        return MOVED.get(script, script), arguments[1:]
    return None


class Parsed(BaseException):
    """The arguments are right; nothing has been done yet."""


def parse(script: str, arguments: list[str]) -> list[str]:
    """Start the tool up to where it has parsed its arguments; its complaints."""
    path = ROOT / 'mmacnn/__main__.py' if script == 'mmacnn' else ROOT / script
    if not path.is_file():
        return [f'{script}: no such script']
    original = argparse.ArgumentParser.parse_args

    def parse_args(parser, *args):
        original(parser, *args)
        raise Parsed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, 'parse_args', parse_args)
        patch.setattr(sys, 'argv', [script, *arguments])
        patch.syspath_prepend(str(path.parent))  # as Python does
        try:
            runpy.run_path(str(path), run_name='__main__')
        except Parsed:
            return []
        except SystemExit as end:
            return ['not accepted:'] if end.code else []
    return ['parsed no arguments']


@cache
def read_config(path: str) -> Config:
    return Config.fromfile(ROOT / path)


def wrong_paths(arguments: list[str]) -> list[str]:
    """Configs and weights that are not there, and checkpoints that never will be."""
    problems = []
    for argument in arguments:
        is_config = argument.startswith('configs/') and argument.endswith('.py')
        shipped = is_config or re.match(r'demo/\w.*\.pth$', argument)
        own = Path(argument).name.startswith('my_')  # the page tells how to write it
        if shipped and not own and not (ROOT / argument).is_file():
            problems.append(f'{argument} does not exist')
        match = re.match(r'work_dirs/([^/]+)/epoch_(\d+)\.pth$', argument)
        for path in ROOT.glob(f'configs/*/{match[1]}.py') if match else ():
            epochs = read_config(str(path.relative_to(ROOT))).train_cfg.max_epochs
            if int(match[2]) != epochs:
                problems.append(f'{argument}: the config has {epochs} epochs')
    return problems


def wrong_options(arguments: list[str]) -> list[str]:
    """Settings of --cfg-options whose place is not in the config."""
    if '--cfg-options' not in arguments:
        return []
    path = next(word for word in arguments if word.endswith('.py'))
    if not (ROOT / path).is_file():
        return []
    problems = []
    for option in arguments[arguments.index('--cfg-options') + 1 :]:
        if option.startswith('--'):
            break
        place = read_config(path)
        *parents, _ = option.partition('=')[0].split('.')
        for key in parents:
            if key in ('init_cfg', 'paramwise_cfg'):  # always taken
                break
            place = place[int(key)] if key.isdigit() else place.get(key)
            if place is None:
                problems.append(f'{path}: no {key}, of {option}')
                break
    return problems


@pytest.mark.parametrize('page', PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands(page, tmp_path, capsys):
    problems = []
    for command in commands_of(page, tmp_path):
        found = script_of(command)
        if found is None:
            continue
        script, arguments = found
        wrong = parse(script, arguments)
        wrong += wrong_paths(arguments) + wrong_options(arguments)
        said = capsys.readouterr().err.strip().rpartition('\n')[2]
        problems += [f'{" ".join(command)}: {text} {said}' for text in wrong]
    assert not problems, '\n'.join(problems)
