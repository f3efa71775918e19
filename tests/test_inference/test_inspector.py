# Copyright (c) mmacnn authors. All rights reserved.
"""With tiny untrained models: what matters here is what goes in and what comes out."""

import csv
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement

from mmacnn.cli.command_line import main
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.engine.rules import read_rules
from mmacnn.inference import Inspector
from mmacnn.inference.frames import open_frames
from mmacnn.inference.result import (
    Detection,
    InspectionResult,
    over_image,
    require_threshold,
)
from mmacnn.inference.result_files import ResultFiles
from mmacnn.inference.sources import open_sources
from mmacnn.line.record import verify
from mmacnn.line.rules import Judge
from mmacnn.utils import InputError

from ..test_tools.test_train import TORCHRUN, free_port, run
from .test_classification import CLASSES, acnn_config, save_weights

SIZES = {'a.png': (96, 128), 'b.jpg': (48, 64), 'c d.bmp': (30, 90)}


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Config file and weights of a tiny A-CNN."""
    folder = tmp_path_factory.mktemp('model')
    config = acnn_config()
    config.dump(folder / 'tiny.py')
    meta = dict(dataset_meta=dict(classes=CLASSES))
    return str(folder / 'tiny.py'), save_weights(config, folder / 'tiny.pth', meta)


@pytest.fixture(scope='module')
def inspector(model):
    return Inspector(*model, device='cpu')


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / 'in'
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, size in SIZES.items():
        image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        assert cv2.imwrite(str(folder / name), image)
    return folder


def test_a_folder(inspector, folder):
    results = list(inspector(folder))

    assert [result.source for result in results] == [str(folder / n) for n in SIZES]
    for result, (height, width) in zip(results, SIZES.values(), strict=True):
        assert result.verdict == 'pass'
        assert result.class_name == CLASSES[result.label]
        assert result.score == max(result.scores)
        assert sum(result.scores) == pytest.approx(1.0, abs=1e-5)
        left, _, right, _ = result.roi
        assert right - left == pytest.approx(16 / 64 * width, rel=1e-4)
        assert result.heatmap.shape == (height, width)
        assert result.mask is None
        assert set(result.milliseconds) == {'read', 'predict'}


def test_batches_and_arrays_change_nothing(inspector, folder):
    files = sorted(map(str, folder.iterdir()))
    one_by_one = list(inspector(files))
    together = list(inspector(files, batch_size=2))
    arrays = list(inspector([cv2.imread(file) for file in files]))

    for one, two, three in zip(one_by_one, together, arrays, strict=True):
        assert one.roi == pytest.approx(two.roi, abs=1e-3)
        assert one.score == pytest.approx(two.score, abs=1e-5)
        assert one.score == pytest.approx(three.score, abs=1e-5)
    assert [result.source for result in arrays] == ['array_0', 'array_1', 'array_2']


def test_results_come_as_they_are_asked_for(inspector, folder, monkeypatch):
    read = []
    of_file = cv2.imdecode
    monkeypatch.setattr(cv2, 'imdecode', lambda *a: read.append(a) or of_file(*a))

    results = inspector(folder)
    assert not read
    next(results)
    assert len(read) == 1


@pytest.mark.parametrize('batch_size', [1, 3])
@pytest.mark.parametrize('kind', ['text', 'empty', 'truncated'])
def test_a_broken_file_does_not_stop_the_others(
    inspector, folder, tmp_path, kind, batch_size
):
    whole = (folder / 'b.jpg').read_bytes()
    broken = dict(text=b'not an image', empty=b'', truncated=whole[: len(whole) // 2])
    (folder / 'b.jpg').write_bytes(broken[kind])
    out = str(tmp_path / 'out')
    results = list(inspector(folder, batch_size=batch_size, out_dir=out))

    assert [result.verdict for result in results] == ['pass', 'unreadable', 'pass']
    assert 'b.jpg' in results[1].error
    assert results[1].label is None
    pictures = sorted(path.name for path in (tmp_path / 'out/pictures').iterdir())
    assert pictures == ['a.jpg', 'c d.jpg']


def test_files(inspector, folder, tmp_path):
    out = tmp_path / 'out'
    results = list(inspector(folder, out_dir=str(out)))

    lines = [json.loads(line) for line in (out / 'results.jsonl').open()]
    assert [line['source'] for line in lines] == [result.source for result in results]
    assert [line['roi'] for line in lines] == [list(result.roi) for result in results]
    with (out / 'results.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['class_name'] for row in rows] == [r.class_name for r in results]
    assert all(cv2.imread(result.picture) is not None for result in results)


def test_each_line_is_there_at_once(inspector, folder, tmp_path):
    results = inspector(folder, out_dir=str(tmp_path / 'out'))
    next(results)
    assert len((tmp_path / 'out/results.jsonl').read_text().splitlines()) == 1
    results.close()


def test_a_video(inspector, tmp_path):
    path = str(tmp_path / 'line.avi')
    write_video(path, 3)

    results = list(inspector(path, batch_size=2, out_dir=str(tmp_path / 'out')))
    assert [result.source for result in results] == [f'{path}#{i}' for i in range(3)]
    assert results[2].picture.endswith('pictures/000002.jpg')


def write_video(path, count):
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    for shade in range(count):
        writer.write(np.full((48, 64, 3), 50 + shade, np.uint8))
    writer.release()


def test_folders_patterns_and_lists(tmp_path):
    for name in ('a/0.png', 'b/c/1.png', 'b/d/2.png', 'a/c/3.png'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.zeros((8, 8, 3), np.uint8))
    for name, count in (('v.avi', 2), ('w.avi', 3)):
        write_video(str(tmp_path / name), count)

    def names(*inputs, recursive=False):
        paths = [str(tmp_path / each) for each in inputs]
        paths = paths if len(paths) > 1 else paths[0]
        frames = list(open_sources(paths, 0, 1, LoadAnyDepthImage(), recursive))
        assert all(frame.image is not None for frame in frames)
        return [str(Path(frame.name).relative_to(tmp_path)) for frame in frames]

    assert names('b') == ['b/c/1.png', 'b/d/2.png']
    assert names('a') == ['a/0.png']
    assert names('a', recursive=True) == ['a/0.png', 'a/c/3.png']
    assert names('a', 'b') == ['a/0.png', 'b/c/1.png', 'b/d/2.png']
    assert names('b/*/*.png') == names('b/**') == names('b*') == names('b')
    videos = ['v.avi#0', 'v.avi#1', 'w.avi#0', 'w.avi#1', 'w.avi#2']
    assert names('v.avi', 'w.avi') == names('*.avi') == videos
    assert names('v.avi', 'a') == ['v.avi#0', 'v.avi#1', 'a/0.png']
    with ResultFiles(str(tmp_path / 'out')) as files:
        pictures = [files.picture_of(name) for name in names('v.avi', 'a', 'w.avi')]
    assert len(set(pictures)) == 6 and pictures[1].endswith('pictures/000001.jpg')
    with pytest.raises(FileNotFoundError, match='x: no image, video or folder fits'):
        names('*x')
    with pytest.raises(InputError, match='v.avi: several processes'):
        open_sources([str(tmp_path / 'v.avi')] * 2, 0, 2, cv2.imread)


@pytest.mark.parametrize(
    ('inputs', 'settings', 'message'),
    [
        ('missing.png', {}, 'missing.png: no such image or folder'),
        ('empty.mp4', {}, 'empty.mp4: cannot be opened: is it a video'),
        (99, {}, 'camera 99: cannot be opened: is it plugged in'),
        ('.', {}, 'expected images'),
        (np.zeros((4, 4), int), {}, 'expected an image, uint8, uint16 or'),
        (np.zeros((4, 4, 3), np.uint8), dict(batch_size=0), 'at least 1, found 0'),
        (np.zeros((4, 4, 3), np.uint8), dict(out_dir='full'), 'new or empty folder'),
    ],
)
def test_wrong_inputs_show_before_the_first_result(
    inspector, tmp_path, monkeypatch, inputs, settings, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full/notes.txt').touch()
    (tmp_path / 'empty.mp4').touch()
    with pytest.raises((ValueError, OSError), match=message):
        inspector(inputs, **settings)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(accept=['lef']), r"found \['lef'\], expected names of classes: left, "),
        (dict(weights=None), 'no weights are known for this model'),
        (dict(backend_model='folder'), 'either weights or an exported model'),
        (dict(config_or_name='acn'), 'found no config file and no model of this name'),
        (dict(config_or_name='a.py'), 'a.py: no such config file'),
    ],
)
def test_wrong_settings(model, settings, message):
    settings = dict(config_or_name=model[0], weights=model[1], device='cpu') | settings
    with pytest.raises((ValueError, OSError), match=message):
        Inspector(**settings)


def classified(label, score=0.9, **fields):
    return InspectionResult(
        'a', label=label, class_name=f'c{label}', score=score, **fields
    )


def detected(prompted=False, **scores):
    box = (1.0, 2.0, 3.0, 4.0)
    return InspectionResult(
        'a',
        detections=tuple(
            Detection(box, name, score, prompted=prompted)
            for name, score in scores.items()
        ),
    )


MASK = np.ones((2, 2), bool)


@pytest.mark.parametrize(
    ('result', 'accept', 'min_score', 'verdict'),
    [
        (classified(2), None, 0.0, 'pass'),  # names products
        (classified(2), ['c1'], 0.0, 'fail'),
        (classified(1), ['c1'], 0.0, 'pass'),
        (classified(1, 0.4), ['c1'], 0.5, 'unsure'),
        (classified(0, mask=MASK), None, 0.0, 'pass'),
        (classified(1, mask=MASK), None, 0.0, 'fail'),
        (classified(1, anomaly_score=1.5), None, 0.0, 'fail'),
        (classified(1, error='NaN'), None, 0.0, 'unsure'),
        # A defect region has no score of its own: the class of the image counts.
        (
            classified(0, mask=MASK, detections=(Detection((0, 0, 8, 8)),)),
            None,
            0.5,
            'pass',
        ),
        (detected(), None, 0.5, 'pass'),
        (detected(pit=0.6), None, 0.0, 'fail'),
        (detected(dust=0.6), ['dust'], 0.0, 'pass'),
        (detected(pit=0.6), None, 0.7, 'unsure'),
        (detected(pit=0.8, dent=0.6), None, 0.7, 'fail'),
        (detected(dust=0.8, pit=0.6), ['dust'], 0.7, 'unsure'),
        (detected(dust=0.6), ['dust'], 0.7, 'unsure'),
        (detected(True, a=0.9, b=0.4), None, 0.0, 'pass'),
        (detected(True, a=0.9, b=0.4), ['a', 'b'], 0.0, 'pass'),
        (detected(True, a=0.9, b=0.4), ['a'], 0.0, 'fail'),
        (detected(True, a=0.9, b=0.4), ['a', 'b'], 0.5, 'unsure'),
    ],
)
def test_verdicts(result, accept, min_score, verdict):
    rules = dict(accept=accept, min_score=min_score)
    rules = {key: value for key, value in rules.items() if value is not None}
    assert Judge(rules, CLASSES)(result, (8, 8)) == verdict


def test_anomaly_score_without_a_threshold():
    with pytest.raises(InputError, match='found an anomaly score and no threshold'):
        require_threshold(InspectionResult('a', anomaly_score=1.5), {})
    rules = dict(image=dict(fail_from=1.6))
    require_threshold(InspectionResult('a', anomaly_score=1.5), rules)


def test_rules_of_the_config_and_of_a_file(model, folder, tmp_path, capsys):
    """``--rules`` before those of the config; both before no rules."""
    config, weights = model
    accept = dict(accept=[CLASSES[0]], classes={CLASSES[1]: dict(fail_from=0.0)})
    mine = tmp_path / 'mine.py'
    mine.write_text(f'_base_ = [{config!r}]\nrules = {accept!r}\n')
    (result,) = Inspector(str(mine), weights, device='cpu')(folder / 'a.png')
    assert result.verdict == 'fail'
    (tmp_path / 'rules.yaml').write_text(f'accept: [{", ".join(CLASSES)}]\n')
    options = ['--model', str(mine), '--weights', weights, '--device', 'cpu']
    options += ['--rules', str(tmp_path / 'rules.yaml')]
    record = ['--record', str(tmp_path / 'record'), '--keep', 'pass=2']
    main(['inspect', str(folder), *options, *record])
    assert '3 pass' in capsys.readouterr().out
    found = verify(str(tmp_path / 'record'))
    assert (found.problems, found.count, found.images) == ([], 3, 2)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('classes: {a: {fail_form: 1.0}}', 'classes.a.fail_form: found an unknown key'),
        ('classes: {a: {fail_from: 2.0}}', 'fail_from: found 2.0, expected less than'),
        ('image: {fail_from: 1.0, unsure_from: 2.0}', 'a fail_from, no lower than uns'),
        ('zones: [{box: [1, 2, 0, 4], weight: 0}]', 'expected a box x, y, width'),
        ('zones: [{weight: 0}]', 'expected either box or polygon'),
        ('zones: [{box: [1, 2, 3, 4], weight: 0.5}]', 'the weight 0, or at least 1'),
        ('accept: good', "accept: found 'good', expected a valid list"),
        ('accept: [', 'rules.yaml: expected verdict rules, found'),
    ],
)
def test_wrong_rules_are_one_line(tmp_path, text, message):
    path = tmp_path / 'rules.yaml'
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(message)) as error:
        read_rules(str(path))
    assert '\n' not in str(error.value) and str(path) in str(error.value)


def test_maps_cover_the_image():
    mask = torch.tensor([[True, False]])
    sample = BaseDataElement(pred_mask=mask, pred_heatmap=torch.tensor([[0.0, 4.0]]))
    whole = over_image(sample, 'pred_mask', (2, 4))
    assert whole.tolist() == [[True, True, False, False]] * 2
    assert over_image(sample, 'pred_heatmap', (2, 4)).tolist() == [[0, 1, 3, 4]] * 2
    assert over_image(BaseDataElement(), 'pred_mask', (2, 4)) is None
    for key in ('pred_mask', 'pred_heatmap'):  # of the image's size: as it is
        assert np.array_equal(over_image(sample, key, (1, 2)), sample.get(key).numpy())
        assert over_image(sample, key, (1, 2)).dtype in (bool, np.float32)


def test_a_row_holds_plain_values():
    place = Detection((1.0, 2.0, 3.0, 4.0), 'pit', 0.5)
    result = InspectionResult(
        'a', 'fail', detections=(place, place), heatmap=np.zeros((2, 2))
    )
    row = result.to_row()
    assert (row['num_detections'], row['box'], row['roi']) == (
        2,
        '1.0 2.0 3.0 4.0',
        '',
    )
    assert set(row) == set(InspectionResult('b', 'pass').to_row())


def test_command_line(model, folder, tmp_path, capsys):
    config, weights = model
    command = ['inspect', str(folder), '--model', config, '--weights', weights]
    main([*command, '--out-dir', str(tmp_path / 'out'), '--device', 'cpu'])
    out = capsys.readouterr().out
    assert f'{folder / "a.png"}: pass, ' in out
    assert '3 pass' in out

    labels = tmp_path / 'labels'
    main([*command, '--labels-out', 'yolo', str(labels)])
    assert f'labels: {labels} (3 images, ' in capsys.readouterr().out
    assert (labels / 'labels/a.txt').is_file()
    with pytest.raises(InputError, match='kitti: found no such label format'):
        main([*command, '--labels-out', 'kitti', str(tmp_path / 'other')])

    (folder / 'b.jpg').write_bytes(b'')
    with pytest.raises(SystemExit) as exit_:
        main(command)
    assert exit_.value.code == 1
    assert '2 pass, 1 unreadable' in capsys.readouterr().out


def test_damaged_weights_end_with_status_one(model, folder, tmp_path, capsys):
    config, weights = model
    checkpoint = torch.load(weights)
    checkpoint['state_dict']['head.fc.weight'].fill_(float('nan'))
    damaged = str(tmp_path / 'damaged.pth')
    torch.save(checkpoint, damaged)
    with pytest.raises(SystemExit) as exit_:
        main(['inspect', str(folder), '--model', config, '--weights', damaged])
    assert exit_.value.code == 1
    out = capsys.readouterr().out
    assert f'{folder / "a.png"}: the model gave numbers that are NaN or infinite' in out
    assert '3 unsure' in out


def test_control_c_ends_with_the_summary(model, folder, monkeypatch, capsys):
    def stopped(self, batch):
        yield next(iter(predict(self, batch)))
        raise KeyboardInterrupt

    predict = Inspector.predict
    monkeypatch.setattr(Inspector, 'predict', stopped)
    config, weights = model
    main(['inspect', str(folder), '--model', config, '--weights', weights])
    assert capsys.readouterr().out.splitlines()[-2:] == ['stopped', '1 pass']


def test_regions_are_for_models_that_name_them(model):
    with pytest.raises(ValueError, match='found regions, expected none'):
        Inspector(*model, device='cpu', regions=['mask.png'])


def test_models_by_name(capsys):
    main(['models', 'acnn-opt_strided*'])
    assert (
        'acnn-opt_strided_8e_synthetic-product-code  (with weights)'
        in capsys.readouterr().out
    )
    with pytest.raises(ValueError, match='no model of such a name'):
        main(['models', 'nothing*'])
    assert Inspector('acnn-opt_strided_8e_synthetic-product-code').inferencer.classes


@pytest.mark.soak
def test_two_processes_give_what_one_gives(model, folder, tmp_path):
    (folder / 'b.jpg').write_bytes(b'not an image')
    config, weights = model
    command = ['-m', 'mmacnn', 'inspect', str(folder), '--device', 'cpu']
    command += ['--model', config, '--weights', weights, '--out-dir']
    port = str(free_port())
    torchrun = [*TORCHRUN, '--master_port', port]
    done = run(*torchrun, *command, 'two', '--launcher', 'pytorch', cwd=tmp_path)
    alone = run(*command, 'one', cwd=tmp_path)

    assert alone.returncode == 1  # for the file that is no image
    assert done.returncode == 1
    assert '2 pass, 1 unreadable' in done.stdout
    told = [
        [line for line in each.stdout.splitlines() if line.startswith(str(folder))]
        for each in (done, alone)
    ]
    assert [x.partition(': ')[0] for x in told[0]] == [str(folder / n) for n in SIZES]
    assert told[0] == told[1]
    lines = [
        [json.loads(line) for line in (tmp_path / name / 'results.jsonl').open()]
        for name in ('one', 'two')
    ]
    for one, two in zip(*lines, strict=True):
        for result, name in ((one, 'one'), (two, 'two')):
            result['picture'] = result['picture'].replace(name, '')
            del result['milliseconds']
        assert one == two
    pictures = [
        sorted(p.name for p in (tmp_path / name / 'pictures').iterdir())
        for name in ('one', 'two')
    ]
    assert pictures[0] == pictures[1] == ['a.jpg', 'c d.jpg']


def test_a_list_is_of_images(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such image or folder'):
        open_frames(['rtsp://camera/1'])


def test_processes_cannot_share_a_video(tmp_path):
    path = tmp_path / 'line.avi'
    path.touch()
    with pytest.raises(ValueError, match='several processes cannot share a video'):
        open_frames(path, rank=0, world_size=2)
