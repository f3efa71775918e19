# Copyright (c) mmacnn authors. All rights reserved.
"""The Python of the documentation is code that runs."""

import json
import re
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from PIL import Image

from mmacnn.datasets import RegionFolderDataset
from mmacnn.datasets.checked_coco import check_boxes, check_categories, read_coco
from mmacnn.datasets.regions import check_outline
from mmacnn.datasets.yolo_folder import parse_line, pixel_box
from mmacnn.engine.config import load_config
from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs/en'
BLOCK = re.compile(r'^( *)```python\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)
BASE = re.compile(r"'(?:\.|path/to/configs)/([\w./-]+\.py)'")


def examples_of(page: Path) -> list[str]:
    text = page.read_text(encoding='utf-8')
    return [textwrap.dedent(match[2]) for match in BLOCK.finditer(text)]


EXAMPLES = [
    pytest.param(code, id=f'{page.relative_to(ROOT)}-{number}')
    for page in sorted(
        [ROOT / 'README.md', *DOCS.glob('*.md'), *ROOT.glob('configs/*/README.md')]
    )
    for number, code in enumerate(examples_of(page))
]
CONFIGS = [example for example in EXAMPLES if example.values[0].startswith('_base_')]


def write_config(code: str, path: Path) -> Path:
    """Write a config that stands beside our own on the page, with paths from here."""

    def absolute(match: re.Match) -> str:
        (found,) = ROOT.glob(f'configs/**/{match[1]}')
        return repr(str(found))

    path.write_text(BASE.sub(absolute, code), encoding='utf-8')
    return path


@pytest.mark.parametrize('code', EXAMPLES)
def test_it_is_python(code):
    compile(code, 'example', 'exec')


@pytest.mark.parametrize('code', CONFIGS)
def test_a_config_is_complete(code, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'my_blocks', torch)  # any module that is there
    cfg = Config.fromfile(write_config(code, tmp_path / 'my_config.py'))
    assert {'model', 'backend_config'} & set(cfg)


@pytest.mark.parametrize(
    'code', [each for each in CONFIGS if "data_root = 'my_data'" in each.values[0]]
)
def test_own_data_has_three_sets_of_one_size(code, tmp_path):
    cfg = load_config(str(write_config(code, tmp_path / 'my_config.py')))
    parts = []
    for phase in ('train', 'val', 'test'):
        dataset = cfg[f'{phase}_dataloader'].dataset
        assert dataset.data_root == 'my_data'
        parts.append(f'{dataset.get("ann_file")} {dataset.data_prefix}')
        sizes = [step.get('scale') or step.get('size') for step in dataset.pipeline]
        resized = [set(size) for size in sizes if size]
        assert resized == [set(cfg.img_scale)]
    assert len(set(parts)) == 3


def test_an_attention_block_of_ones_own(tmp_path, monkeypatch):
    block, config, *_ = examples_of(DOCS / 'extending.md')
    (tmp_path / 'my_blocks.py').write_text(block)
    monkeypatch.syspath_prepend(str(tmp_path))
    cfg = Config.fromfile(write_config(config, tmp_path / 'my_gated.py'))
    init_default_scope(cfg.default_scope)
    ours = MODELS.build(cfg.model).backbone
    without = dict(cfg.model.backbone, plugins=None)
    theirs = MODELS.build(without)
    ours.eval()  # mmdet's returns nothing
    theirs.eval()

    gates = [m for m in ours.modules() if type(m).__name__ == 'ChannelGate']
    assert len(gates) == 8 and all(gate.conv.kernel_size == (5,) for gate in gates)
    missing = ours.load_state_dict(theirs.state_dict(), strict=False).missing_keys
    assert missing and all('channel_gate' in name for name in missing)
    images = torch.rand(2, 3, 64, 64)
    outputs = ours(images)
    for mine, other in zip(outputs, theirs(images), strict=True):
        torch.testing.assert_close(mine, other)  # it starts as the identity
    outputs[-1].sum().backward()
    assert any(gate.conv.weight.grad.any() for gate in gates)
    MODELS.module_dict.pop('ChannelGate')


def test_inspecting(tmp_path, monkeypatch, capsys):
    counts = dict(train=1, test=2)
    write_dataset(TASKS['product-code'], str(tmp_path / 'data'), counts, (480, 640), 0)
    monkeypatch.chdir(tmp_path)
    Path('photos').symlink_to('data/test/images')
    Path('photo.jpg').symlink_to('photos/test_000000.jpg')
    names = {}
    for code in examples_of(DOCS / 'inspect.md'):
        exec(code, names)
    said = capsys.readouterr().out
    assert 'photos/test_000001.jpg' in said and '1069' in said
    assert (tmp_path / 'inspected/results.csv').is_file()
    assert names['result'].source == 'array_0'


def test_labels_from_file_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('images/bolt_1.jpg', 'images/nut_1.jpg', 'labels/nut_1.txt'):
        path = tmp_path / 'my_data/train' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('1 0.5 0.5 0.1 0.1\n')
    (tmp_path / 'my_data/classes.txt').write_text('bolt\nnut\n')
    (code,) = (c for c in examples_of(DOCS / 'get_started.md') if 'write_text' in c)
    exec(code, {})
    labels = tmp_path / 'my_data/train/labels'
    assert (labels / 'bolt_1.txt').read_text() == '0\n'
    assert (labels / 'nut_1.txt').read_text() == '1 0.5 0.5 0.1 0.1\n'


def blocks_of(language: str) -> list[str]:
    text = (DOCS / 'data_formats.md').read_text(encoding='utf-8')
    return re.findall(rf'^```{language}\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)


def test_data_formats(tmp_path):
    (coco,) = map(json.loads, blocks_of('json'))
    (tmp_path / 'coco.json').write_text(json.dumps(coco))
    content = read_coco(str(tmp_path / 'coco.json'))
    check_categories(content, ('scratch', 'blister'), 'coco.json')
    check_boxes(content, 'coco.json')
    (annotation,), (image,) = content['annotations'], content['images']
    size = (image['height'], image['width'])
    check_outline(annotation['segmentation'], size, 'coco.json')

    with_box, oriented, class_alone, table, *_ = blocks_of('text')
    label, box, _ = parse_line(with_box, 'a.txt', num_classes=3)
    left, top, right, bottom = pixel_box(box, 480, 640, 'a.txt')
    assert (label, round(right - left), round(bottom - top)) == (2, 35, 17)
    assert len(parse_line(oriented, 'a.txt', num_classes=3)[2]) == 4
    assert parse_line(class_alone, 'b.txt', num_classes=3) == (2, None, None)

    (tmp_path / 'train.csv').write_text(table)
    for name in ('a.jpg', 'a_0.png', 'a_1.png'):
        Image.new('L', (8, 6)).save(tmp_path / name)
    regions = RegionFolderDataset('train.csv', data_root=str(tmp_path))
    assert regions.metainfo['classes'] == ('bolt', 'rivet')
    assert [regions[i]['gt_label'] for i in range(2)] == [0, 1]
