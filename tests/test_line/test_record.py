# Copyright (c) mmacnn authors. All rights reserved.
"""A record shows each later change."""

import json

import numpy as np
import pytest

from mmacnn.cli.command_line import main
from mmacnn.line import record as module
from mmacnn.line.errors import LineError
from mmacnn.line.record import Record, verify

FACTS = dict(model='m' * 64, config='c' * 64, rules='r' * 64)


def image(number):
    return np.full((8, 9, 3), number, np.uint8)


def write(folder, verdicts, **settings):
    record = Record(str(folder), FACTS, **settings)
    for number, verdict in enumerate(verdicts):
        record.write(image(number), dict(source=f'{number}.png', verdict=verdict))
    record.close()
    return record.last_hash


def files(folder):
    return sorted(folder.glob('*.jsonl'))


def test_a_record_goes_on(tmp_path):
    first = write(tmp_path, ['pass'] * 3 + ['fail'])
    last = write(tmp_path, ['pass', 'unsure', 'unreadable'])
    found = verify(str(tmp_path), [first, last])
    assert (found.problems, found.count, found.last_hash) == ([], 7, last)
    kept = sorted(path.name for path in (tmp_path / 'images').iterdir())
    assert kept == [
        *('000000000_pass.png', '000000003_fail.png'),
        *('000000004_pass.png', '000000005_unsure.png'),
    ]
    line = json.loads(files(tmp_path)[1].read_text().splitlines()[0])
    assert line['source'] == '0.png'
    assert line['record'].items() >= dict(FACTS, number=4, previous=first).items()


def edited(text):
    return text.replace('"fail"', '"pass"', 1)


@pytest.mark.parametrize(
    'change',
    [
        edited,
        lambda text: ''.join(text.splitlines(True)[:2] + text.splitlines(True)[3:]),
        lambda text: ''.join(text.splitlines(True)[1:]),
        lambda text: text.splitlines(True)[0] + text,
        lambda text: '\n' + text,
        lambda text: text[:-40],
        # Seen by the noted hash alone.
        lambda text: ''.join(text.splitlines(True)[:-1]),
    ],
)
def test_a_change_is_found(tmp_path, change, capsys):
    noted = write(tmp_path, ['pass', 'fail', 'fail', 'pass'])
    main(['verify-record', str(tmp_path), '--expect', noted])
    assert 'as it was written' in capsys.readouterr().out
    (file,) = files(tmp_path)
    file.write_text(change(file.read_text()))
    with pytest.raises(SystemExit):
        main(['verify-record', str(tmp_path), '--expect', noted])
    assert 'CHANGED' in capsys.readouterr().out


def test_a_changed_image_is_found(tmp_path):
    write(tmp_path, ['fail', 'fail'])
    one, other = sorted((tmp_path / 'images').iterdir())
    one.write_bytes(other.read_bytes())
    (problem,) = verify(str(tmp_path)).problems
    assert problem.endswith('000000000_fail.png: not the image that was inspected')
    other.unlink()
    assert verify(str(tmp_path)).missing == 1


def test_after_a_power_cut_the_chain_goes_on(tmp_path):
    write(tmp_path, ['pass', 'fail'])
    with files(tmp_path)[0].open('ab') as file:
        file.write(b'{"source": "ha')
    write(tmp_path, ['pass'])
    found = verify(str(tmp_path))
    assert (found.problems, found.count) == ([], 3)


def test_rotation_and_disk_budget(tmp_path, monkeypatch):
    days = iter([0] * 4 + [90000] * 9)
    monkeypatch.setattr(module.time, 'time', lambda: next(days))
    write(tmp_path, ['pass'] * 6, file_mb=600 / 2**20)
    names = [path.name for path in files(tmp_path)]
    assert names[0] == '000000000_1970-01-01.jsonl' and '1970-01-02' in names[-1]
    assert len(names) == 3  # by size and by day
    assert verify(str(tmp_path)).problems == []
    monkeypatch.undo()

    write(tmp_path, ['fail'] * 20, file_mb=600 / 2**20, disk_mb=4000 / 2**20)
    used = sum(path.stat().st_size for path in tmp_path.rglob('*') if path.is_file())
    assert used <= 4000
    found = verify(str(tmp_path))
    assert found.problems == [] and found.first > 0


def test_a_full_disk(tmp_path, full_disk):
    record = Record(str(tmp_path), FACTS, keep={})
    result = dict(source='a' * 99, verdict='pass')
    with full_disk(1000), pytest.raises(OSError, match='jsonl'):
        for _ in range(9):
            record.write(None, result)
    record.write(None, result)
    record.close()
    assert verify(str(tmp_path)).problems == []


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / '000000_2026-01-01.jsonl').write_text('{"verdict": "pass"}\n')
    with pytest.raises(LineError, match='no line of a record, see verify-record'):
        Record(str(tmp_path), FACTS)
