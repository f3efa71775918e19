# Copyright (c) mmacnn authors. All rights reserved.
"""Label files by nobody's friend: one line that names the file, and nothing else."""

import json
import time

import pytest
from PIL import Image

from mmacnn.converters.labels.importer import ImportOptions, import_labels
from mmacnn.datasets.regions import decode_region
from mmacnn.datasets.tables import read_table
from mmacnn.datasets.yolo_folder import read_label

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + ''.join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">'
        for a, b in ('ab', 'bc', 'cd', 'de', 'ef', 'fg')
    )
    + ']><annotation><object><name>&g;</name></object></annotation>'
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotation>&x;</annotation>'


def rename(dataset, name):
    """Give the second image another name in the file of labels."""
    if dataset.labels.suffix == '.json':
        content = json.loads(dataset.labels.read_text())
        content['images'][1]['file_name'] = name
        dataset.labels.write_text(json.dumps(content))
    else:
        text = dataset.labels.read_text().replace('b.png', str(name))
        dataset.labels.write_text(text)


@pytest.mark.parametrize(
    'name',
    [
        '../secret.png',
        'below/../../secret.png',
        '{root}/secret.png',
        '..',
        '/etc/hostname',
    ],
)
def test_names_do_not_lead_out_of_the_folder(named, name):
    Image.new('RGB', (56, 40)).save(named.root / 'secret.png')
    rename(named, name.format(root=named.root))
    with pytest.raises(ValueError, match='expected a name below the folder of image'):
        named.load()


@pytest.mark.parametrize('is_folder', [False, True])
def test_links_do_not_lead_out_of_the_folder(named, is_folder):
    outside = named.root / 'outside'
    outside.mkdir()
    named.image.rename(outside / 'b.png')
    if is_folder:
        (named.image.parent / 'link').symlink_to(outside)
        rename(named, 'link/b.png')
    else:
        named.image.symlink_to(outside / 'b.png')
    with pytest.raises(ValueError, match='b.png.*a link to .*outside/b.png, expected'):
        named.load()


def test_links_within_the_folder_are_followed(named):
    named.image.rename(named.image.parent / 'c.png')
    named.image.symlink_to('c.png')
    assert len(named.load()) == 2


def test_a_folder_may_itself_be_a_link(named):
    named.image.parent.rename(named.root / 'elsewhere')
    named.image.parent.symlink_to(named.root / 'elsewhere')
    assert len(named.load()) == 2


@pytest.mark.parametrize('name', ['', 'a\0.png', 5, None, ['a.png'], '.', 'x' * 300])
def test_names_that_are_none(named, name):
    if named.labels.suffix != '.json' and not isinstance(name, str):
        return
    rename(named, name)
    with pytest.raises((ValueError, FileNotFoundError), match=named.labels.name):
        named.load()


WRONG_COCO = {
    'images.0.id': [[1], None, True, {}],
    'images.0.height': [0, -1, '40', 40.5, 10**400, None, True],
    'annotations.0.id': [[1], 1],
    'annotations.0.image_id': [[0], 7, None],
    'annotations.0.category_id': [[1], 7, 'one'],
    'annotations.0.area': ['1', -1, 10**400, None, [1]],
    'annotations.0.bbox': [
        *([1, 2, 3], 'abcd', [1, 2, 3, '4'], [1, 2, -3, 4], [1, 2, 10**400, 4]),
        *([99, 1, 2, 2], None, {}, [[1], [2], [3], [4]]),
    ],
    'categories.0.name': [['dent'], 5, None],
    'categories.0': [[], 5, None],
    'annotations': [{}, None, [], [5], [[]]],
    'images': [None, 'abc', [None]],
}


@pytest.mark.parametrize(
    ('place', 'value'), [(place, v) for place in WRONG_COCO for v in WRONG_COCO[place]]
)
def test_coco_files_with_a_wrong_value(named, place, value):
    if named.labels.suffix != '.json':
        return
    content = json.loads(named.labels.read_text())
    part, *keys = content, *place.split('.')
    for key in keys[:-1]:
        part = part[int(key) if key.isdigit() else key]
    last = keys[-1]
    part[int(last) if last.isdigit() else last] = value
    named.labels.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='a.json: ') as info:
        named.load()
    assert len(str(info.value)) < 600


@pytest.mark.parametrize('value', ['NaN', 'Infinity', '1e999'])
@pytest.mark.parametrize('key', ['"area": 128', '"height": 40', '"bbox": [4'])
def test_coco_files_with_endless_numbers(named, key, value):
    if named.labels.suffix != '.json':
        return
    text = named.labels.read_text()
    assert key in text
    old = key.rpartition(' ')[2].strip('[')
    named.labels.write_text(text.replace(key, key.replace(old, value), 1))
    with pytest.raises(ValueError, match='a.json: '):
        named.load()


@pytest.mark.parametrize('change', ['bom', 'crlf'])
def test_labels_of_other_systems(named, change):
    content = named.labels.read_bytes()
    if change == 'bom':
        named.labels.write_bytes(b'\xef\xbb\xbf' + content)
    else:
        named.labels.write_bytes(content.replace(b'\n', b'\r\n'))
    assert len(named.load()) == 2


@pytest.mark.parametrize('encoding', ['utf-16', 'utf-32'])
def test_labels_in_other_encodings(named, encoding):
    text = named.labels.read_text()
    named.labels.write_bytes(text.encode(encoding))
    with pytest.raises(ValueError, match=named.labels.name):
        named.load()


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        (LAUGHS, 'document type'),
        (OUTSIDE, 'document type'),
        ('', 'no element found'),
        ('<annotation>', 'no element found'),
        ('<annotation/>\0', 'token'),
        ('<a/>', 'found <a>'),
        ('<annotation>&lt;&unknown;</annotation>', 'undefined entity'),
        ('<?xml version="1.0" encoding="rot13"?><annotation/>', 'encoding'),
        ('<annotation><object><name>' + 'x' * 10**6, 'no element'),
    ],
)
def test_voc_files(tmp_path, text, found):
    with pytest.raises(ValueError, match=f'a.xml: .*{found}') as info:
        import_voc(tmp_path, text)
    assert len(str(info.value)) < 400


def import_voc(folder, text):
    Image.new('RGB', (56, 40)).save(folder / 'a.png')
    (folder / 'a.xml').write_text(text)
    import_labels(str(folder), None, 'coco', ImportOptions(format='voc'))


def test_voc_file_of_great_depth(tmp_path):
    depth = 10**5
    text = '<a>' * depth + '</a>' * depth
    with pytest.raises(ValueError, match='found no class name'):
        import_voc(tmp_path, f'<annotation>{text}</annotation>')


@pytest.mark.parametrize('number', ['nan', '1e999', '-inf', '9' * 5000, '', 'x' * 999])
def test_voc_numbers(tmp_path, number):
    sides = ''.join(f'<{s}>{number}</{s}>' for s in ('xmin', 'ymin', 'xmax', 'ymax'))
    text = f'<object><name>dent</name><bndbox>{sides}</bndbox></object>'
    with pytest.raises(ValueError, match='a.xml, object 1') as info:
        import_voc(tmp_path, f'<annotation>{text}</annotation>')
    assert len(str(info.value)) < 400


@pytest.mark.parametrize(
    ('content', 'found'),
    [
        (b'', "no column 'name'"),
        (b'name,label\n"a', None),
        (b'name,label\na,' + b'x' * 200_000 + b'\n', 'field larger'),
        (b'name,label\na,b,c\n', 'line 2: found 3 values'),
        (b'name,label,name\na,b,c\n', "the column 'name' twice"),
        (b'name,label\n\xff,b\n', 'not UTF-8'),
        ('name,label\na,b\n'.encode('utf-16'), 'not UTF-8'),
    ],
)
def test_tables(tmp_path, content, found):
    path = tmp_path / 'a.csv'
    path.write_bytes(content)
    if found is None:
        assert len(list(read_table(str(path), ['name', 'label']))) == 1
        return
    with pytest.raises(ValueError, match=f'a.csv.*{found}'):
        list(read_table(str(path), ['name', 'label']))


@pytest.mark.parametrize(
    'text',
    [
        *('9' * 5000, f'0 {"9" * 5000} 1 1 1', '0 nan 0.5 0.5 0.5', '0 0.5 0.5 inf 1'),
        *('0 0.5 0.5 1e-400 0.5', '0\0', '\0', '٣', '0 0.5 0.5 0.5 0.5 \0'),
        *('0x0', '1e0', '[0]', '\u2028', 'x' * 10**6),
    ],
)
def test_yolo_labels(tmp_path, text):
    path = tmp_path / 'a.txt'
    path.write_text(text)
    with pytest.raises(ValueError, match='a.txt') as info:
        read_label(str(path), 3)
    assert len(str(info.value)) < 400


def test_run_lengths_that_never_end():
    """A million digits of one number: multiplied out, they would take days."""
    start = time.process_time()
    for text in ('`' * 10**6, 'o' * 10**6, '\ud800', '0' * 10**6):
        with pytest.raises(ValueError, match='here: found '):
            decode_region(dict(size=[40, 56], counts=text), (40, 56), 'here')
    assert time.process_time() - start < 60


def test_an_outline_as_long_as_all_pixels():
    """Pycocotools would make room for each of a hundred million points."""
    polygon = [0, 0, 4000, 3000] * 10**4
    with pytest.raises(ValueError, match='here: found a polygon of 20000 points whose'):
        decode_region([polygon], (3000, 4000), 'here')
