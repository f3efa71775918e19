# Copyright (c) mmacnn authors. All rights reserved.
import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.converters import convert_voc
from mmacnn.datasets import CheckedCocoDataset

TOOL = Path(__file__).parents[2] / 'tools/dataset_converters/voc_to_coco.py'
CLASSES = ['crazing', 'rolled-in_scale']
OBJECT = (
    '<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin>'
    '<ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>'
)


def xml(*objects, head=''):
    return (
        f'{head}<annotation>{"".join(OBJECT.format(*o) for o in objects)}</annotation>'
    )


@pytest.fixture
def folders(tmp_path):
    """Two images of 40x30 in folders by class, as NEU-DET has them, and their xml."""
    xml_dir, img_dir = tmp_path / 'annotations', tmp_path / 'images'
    xml_dir.mkdir()
    for name in ('crazing/crazing_1.jpg', 'scale/rolled-in_scale_1.jpg'):
        (img_dir / name).parent.mkdir(parents=True)
        cv2.imwrite(str(img_dir / name), np.zeros((30, 40, 3), np.uint8))
    (xml_dir / 'crazing_1.xml').write_text(
        xml(('crazing', 0, 1, 1, 40, 30), ('rolled-in_scale', 1, 5, 6, 7, 9))
    )
    (xml_dir / 'rolled-in_scale_1.xml').write_text(xml())
    return str(xml_dir), str(img_dir)


def test_boxes_and_images(folders, tmp_path):
    out = str(tmp_path / 'new' / 'train.json')
    assert convert_voc(*folders, out, CLASSES) == {'crazing': 1, 'rolled-in_scale': 1}

    content = json.loads(Path(out).read_text())
    assert content['images'] == [
        {'id': 1, 'file_name': 'crazing/crazing_1.jpg', 'height': 30, 'width': 40},
        {
            'id': 2,
            'file_name': 'scale/rolled-in_scale_1.jpg',
            'height': 30,
            'width': 40,
        },
    ]
    # From 1 and with both ends: 1..40 are all 40 pixels of the image's width.
    assert [a['bbox'] for a in content['annotations']] == [[0, 0, 40, 30], [4, 5, 3, 4]]
    assert [a['area'] for a in content['annotations']] == [1200, 12]
    assert [a['iscrowd'] for a in content['annotations']] == [0, 1]
    dataset = CheckedCocoDataset(
        ann_file=out, data_prefix=dict(img=folders[1]), metainfo=dict(classes=CLASSES)
    )
    assert len(dataset) == 2
    assert [i['bbox'] for i in dataset.get_data_info(0)['instances']] == [
        [0, 0, 40, 30],
        [4, 5, 7, 9],
    ]


def test_coordinates_from_0(folders, tmp_path):
    Path(folders[0], 'crazing_1.xml').write_text(xml(('crazing', 0, 0, 0, 40, 30.5)))
    convert_voc(*folders, str(tmp_path / 'out.json'), CLASSES, first=0)
    content = json.loads((tmp_path / 'out.json').read_text())
    # What reaches over the border by less than a pixel is cut off.
    assert content['annotations'][0]['bbox'] == [0, 0, 40, 30]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a "boom"><!ENTITY b '
    '"&a;&a;&a;">]>'
)
OUTSIDE = '<!DOCTYPE annotation SYSTEM "/etc/passwd">'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'expected plain xml, found no element found'),
        ('<annotation>', 'expected plain xml, found no element found'),
        ('<voc/>', 'expected <annotation>, found <voc>'),
        (xml(head=BOMB), r'expected plain xml, found a document type \(DOCTYPE\)'),
        (xml(head=OUTSIDE), r'expected plain xml, found a document type \(DOCTYPE\)'),
        ('<?xml version="1.0" encoding="gb2312"?><annotation/>', 'expected plain xml'),
        (
            xml(('scale', 0, 1, 1, 2, 2)),
            "object 1: found the class 'scale', expected on",
        ),
        (
            xml(('crazing', 0, 'x', 1, 2, 2)),
            "object 1: found 'x' as bndbox/xmin, expect",
        ),
        (xml(('crazing', 0, 'nan', 1, 2, 2)), "object 1: found 'nan' as bndbox/xmin"),
        (xml(('crazing', 0, 9, 1, 8, 2)), r'found the box \[9.0, 1.0, 8.0, 2.0\]'),
        (
            xml(('crazing', 0, 9, 1, 42, 2)),
            'expected one with an area, on the 40x30 imag',
        ),
    ],
)
def test_mistakes_in_the_xml(folders, tmp_path, text, message):
    path = Path(folders[0], 'crazing_1.xml')
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        convert_voc(*folders, str(tmp_path / 'out.json'), CLASSES)
    assert str(error.value).startswith(str(path))
    assert '\n' not in str(error.value)
    assert not (tmp_path / 'out.json').exists()


def test_mistakes_in_the_folders(folders, tmp_path):
    xml_dir, img_dir = folders
    out = str(tmp_path / 'out.json')
    with pytest.raises(FileNotFoundError, match='absent: found no such folder'):
        convert_voc(str(tmp_path / 'absent'), img_dir, out, CLASSES)
    with pytest.raises(FileNotFoundError, match=r'images: found no file .xml in it'):
        convert_voc(img_dir, img_dir, out, CLASSES)
    with pytest.raises(ValueError, match="name 2: found 'crazing' again"):
        convert_voc(xml_dir, img_dir, out, ['crazing', 'crazing'])
    twin = Path(img_dir, 'scale', 'crazing_1.png')
    cv2.imwrite(str(twin), np.zeros((30, 40, 3), np.uint8))
    with pytest.raises(ValueError, match=r'crazing_1.png: found the name of .* again'):
        convert_voc(xml_dir, img_dir, out, CLASSES)
    twin.unlink()
    Path(xml_dir, 'other_1.xml').write_text(xml())
    with pytest.raises(
        FileNotFoundError, match=r'other_1.xml: found no image other_1.'
    ):
        convert_voc(xml_dir, img_dir, out, CLASSES)


def test_tool(folders, tmp_path, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['voc_to_coco.py', *map(str, arguments)])
        runpy.run_path(str(TOOL), run_name='__main__')

    run(*folders, tmp_path / 'out.json', '--classes', *CLASSES)
    assert capsys.readouterr().out.splitlines() == [
        'crazing: 1 boxes',
        'rolled-in_scale: 1 boxes',
    ]
    before = (tmp_path / 'out.json').read_bytes()
    with pytest.raises(SystemExit) as error:
        run(*folders, tmp_path / 'out.json', '--classes', *CLASSES)
    assert error.value.code == 2
    message = capsys.readouterr().err.splitlines()
    assert message[-1].endswith('out.json exists, name a new file')
    assert (tmp_path / 'out.json').read_bytes() == before
