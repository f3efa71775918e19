# Copyright (c) mmacnn authors. All rights reserved.
"""Folders as labelling tools write them: taken, taken with a counted note, or refused.

Each case is named by the tool that writes such files. Nearly all hold the same truth:
a scratch and a pit on ``a.jpg`` of 64x48 pixels, and nothing on ``b.jpg``.
"""

import base64
import copy
import hashlib
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.converters.labels import ImportOptions, import_labels, read_labels
from mmacnn.converters.labels.cleaning import clean

WIDTH, HEIGHT = 64, 48
SCRATCH, PIT = (8.0, 4.0, 24.0, 20.0), (30.0, 10.0, 50.0, 40.0)
TRUTH = {('a.jpg', 'scratch', SCRATCH), ('a.jpg', 'pit', PIT)}
CASES = []


def case(tool, note=None, refused=None, to='coco', truth=TRUTH, **options):
    """Register what ``build(folder)`` writes; it may return the source's path.

    Without ``note`` and ``refused`` nothing is changed; ``note`` is what is counted.
    """

    def register(build):
        CASES.append(pytest.param(build, note, refused, to, truth, options, id=tool))
        return build

    return register


def image(path, size=(HEIGHT, WIDTH)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), 90, np.uint8))


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    is_text = isinstance(content, str)
    path.write_text(content if is_text else json.dumps(content), encoding='utf-8')


def mask(path, *boxes, value=255, size=(HEIGHT, WIDTH)):
    picture = np.zeros(size, np.uint8)
    for left, top, right, bottom in boxes:
        picture[int(top) : int(bottom), int(left) : int(right)] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def two_images(folder):
    for name in ('a.jpg', 'b.jpg'):
        image(folder / name)


# --- COCO json

COCO = {
    'images': [
        {'id': 1, 'file_name': 'a.jpg', 'height': HEIGHT, 'width': WIDTH},
        {'id': 2, 'file_name': 'b.jpg', 'height': HEIGHT, 'width': WIDTH},
    ],
    'categories': [{'id': 1, 'name': 'scratch'}, {'id': 2, 'name': 'pit'}],
    'annotations': [
        {
            **{'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [8, 4, 16, 16]},
            **{'area': 256, 'iscrowd': 0, 'segmentation': []},
        },
        {
            **{'id': 2, 'image_id': 1, 'category_id': 2, 'bbox': [30, 10, 20, 30]},
            **{'area': 600, 'iscrowd': 0},
        },
    ],
}


def coco(folder, change=None, name='annotations.json', images='images'):
    two_images(folder / images)
    content = copy.deepcopy(COCO)
    if change is not None:
        content = change(content) or content
    text(folder / name, content)


@case('CVAT: COCO 1.0')
def _(folder):
    coco(folder, name='annotations/instances_default.json', images='images/default')


@case('Roboflow: COCO with an unused root category', note='1 x unused root category')
def _(folder):
    def change(c):
        c['categories'].insert(0, {'id': 0, 'name': 'defects', 'supercategory': 'none'})

    coco(folder, change, name='train/_annotations.coco.json', images='train')


@case('COCO: categories in another order than the config', classes=['pit', 'scratch'])
def _(folder):
    coco(folder)


@case('FiftyOne: COCO without area')
def _(folder):
    def change(c):
        for entry in c['annotations']:
            del entry['area']

    coco(folder, change)


@case('pandas: COCO with sizes and ids as floats')
def _(folder):
    def change(c):
        for entry in c['images']:
            entry |= {'id': float(entry['id']), 'height': 48.0, 'width': 64.0}
        for entry in c['annotations']:
            entry['image_id'] = float(entry['image_id'])

    coco(folder, change)


@case('database export: COCO with ids as text and gaps')
def _(folder):
    def change(c):
        c['images'][0]['id'], c['images'][1]['id'] = '1007', '2003'
        for entry in c['annotations']:
            entry['image_id'] = 1007
            entry['category_id'] = str(entry['category_id'])

    coco(folder, change)


def rename(c, prefix):
    for entry in c['images']:
        entry['file_name'] = prefix + entry['file_name']


@case('Windows: COCO with backslashes', note='2 x name of an image with a backslash')
def _(folder):
    coco(folder, lambda c: rename(c, 'images\\'))


@case('Label Studio: COCO with a server path', note="2 x .* a server's path")
def _(folder):
    coco(folder, lambda c: rename(c, '/data/upload/1/ab12cd34-'))


@case('another machine: COCO with absolute paths', note="2 x .*another machine's path")
def _(folder):
    coco(folder, lambda c: rename(c, '/home/anna/project/images/'))


@case('COCO beside its folder that is named twice')
def _(folder):
    coco(folder, lambda c: rename(c, 'images/'), name='images/annotations.json')


@case('camera: COCO says .JPG, files are .jpg', note='2 x .*another case')
def _(folder):
    def change(c):
        for entry in c['images']:
            entry['file_name'] = entry['file_name'].replace('.jpg', '.JPG')

    coco(folder, change)


@case('converted images: COCO says .png, files are .jpg', note='2 x .*another suffix')
def _(folder):
    def change(c):
        for entry in c['images']:
            entry['file_name'] = entry['file_name'].replace('.jpg', '.png')

    coco(folder, change)


@case('COCO with polygons and run lengths')
def _(folder):
    def change(c):
        c['annotations'][0]['segmentation'] = [[8, 4, 24, 4, 24, 20, 8, 20]]
        runs = np.zeros((HEIGHT, WIDTH), np.uint8)
        runs[10:40, 30:50] = 1
        flat = runs.ravel(order='F')
        edges = np.flatnonzero(np.diff(flat)) + 1
        counts = np.diff([0, *edges, flat.size]).tolist()
        c['annotations'][1]['segmentation'] = {
            'size': [HEIGHT, WIDTH],
            'counts': counts,
        }

    coco(folder, change)


@case('SAM: COCO with outlines and no boxes', note='1 x box taken from the outline')
def _(folder):
    def change(c):
        c['annotations'][0]['segmentation'] = [[8, 4, 24, 4, 24, 20, 8, 20]]
        del c['annotations'][0]['bbox']

    coco(folder, change)


def corners(c):
    for index in range(6):
        box = [30 + index, 20 + index, 44 + index, 34 + index]
        c['annotations'].append({**c['annotations'][0], 'id': 9 + index, 'bbox': box})
    for entry in c['annotations'][:2]:
        x, y, w, h = entry['bbox']
        entry['bbox'] = [x, y, x + w, y + h]


@case('own script: COCO with xyxy boxes', refused='far over the edge .*--coco-boxes xy')
def _(folder):
    coco(folder, corners)


@case(
    'own script: COCO with xyxy boxes, and the option',
    coco_boxes='xyxy',
    truth=TRUTH
    | {('a.jpg', 'scratch', (30 + i, 20 + i, 44 + i, 34 + i)) for i in range(6)},
)
def _(folder):
    coco(folder, corners)


@case('own script: COCO with boxes in fractions', refused='pixels, not fractions')
def _(folder):
    def change(c):
        for entry in c['annotations']:
            entry['bbox'] = [0.1, 0.2, 0.25, 0.3]

    coco(folder, change)


@case('slip of the mouse: a box of no width', note='1 x box of less than a pixel left')
def _(folder):
    def change(c):
        c['annotations'].append({**c['annotations'][0], 'id': 3, 'bbox': [9, 9, 0, 5]})

    coco(folder, change)


@case('LabelMe2COCO: all boxes are crowds', refused='crowds .* alone, 2 objects')
def _(folder):
    def change(c):
        for entry in c['annotations']:
            entry['iscrowd'] = 1

    coco(folder, change)


@case('merged files: an image is listed twice', note='1 x image that is listed twice')
def _(folder):
    coco(folder, lambda c: c['images'].append({**c['images'][0], 'id': 3}))


@case('merged files: a box is there twice', note='1 x object that is labelled twice')
def _(folder):
    coco(folder, lambda c: c['annotations'].append({**c['annotations'][0], 'id': 3}))


@case('annotation of no image', refused=r'annotations\[0\]: found image_id 9, expected')
def _(folder):
    coco(folder, lambda c: c['annotations'][0].update(image_id=9))


@case('lost image', refused=r"images\[1\]: found no image 'c.jpg' .*--skip-missing")
def _(folder):
    coco(folder, lambda c: c['images'][1].update(file_name='c.jpg'))


@case(
    'lost image, and the option',
    note='1 x label of an absent image left out',
    skip_missing=True,
)
def _(folder):
    coco(folder, lambda c: c['images'][1].update(file_name='c.jpg'))
    (folder / 'images/b.jpg').unlink()


@case('images made smaller later', refused='found 128x96 .*--rescale-labels')
def _(folder):
    coco(folder, lambda c: c['images'][0].update(width=128, height=96))


@case(
    'images made smaller later, and the option',
    note='1 x image in another size',
    rescale_labels=True,
)
def _(folder):
    def change(c):
        c['images'][0] |= {'width': 128, 'height': 96}
        for entry in c['annotations']:
            entry['bbox'] = [2 * v for v in entry['bbox']]

    coco(folder, change)


@case('labels of another camera', refused='found 100x48 .*expected the same')
def _(folder):
    coco(folder, lambda c: c['images'][0].update(width=100))


@case(
    'phone: drawn on a photograph that lies on its side', refused='EXIF note .*upright'
)
def _(folder):
    coco(folder, lambda c: c['images'][0].update(width=HEIGHT, height=WIDTH))


@case('two class lists in two COCO files', note='1 x class list that differs')
def _(folder):
    coco(folder, name='train/_annotations.coco.json', images='train')
    content = copy.deepcopy(COCO)
    content['categories'] = [{'id': 7, 'name': 'pit'}]
    content['annotations'] = []
    image(folder / 'test' / 'b.jpg')
    content['images'] = content['images'][1:]
    text(folder / 'test/_annotations.coco.json', content)


@case('COCO results without images', refused='found no labels of a known kind')
def _(folder):
    two_images(folder)
    text(folder / 'results.json', [{'image_id': 1, 'bbox': [1, 2, 3, 4], 'score': 1.0}])


# --- YOLO

YOLO = '0 0.25 0.25 0.25 0.333333333\n1 0.625 0.520833333 0.3125 0.625\n'


def yolo(folder, lines=YOLO, names='classes.txt', images='images', labels='labels'):
    two_images(folder / images)
    text(folder / labels / 'a.txt', lines)
    text(folder / labels / 'b.txt', '')
    if names:
        text(folder / names, 'scratch\npit\n')


def data_yaml(folder, **content):
    text(folder / 'data.yaml', {'names': ['scratch', 'pit'], 'nc': 2, **content})


@case('labelImg: classes.txt in labels')
def _(folder):
    yolo(folder, names='labels/classes.txt')


@case('Ultralytics: images/train and labels/train')
def _(folder):
    yolo(folder, names=None, images='images/train', labels='labels/train')
    data_yaml(folder, path='.', train='images/train', names={0: 'scratch', 1: 'pit'})
    text(
        folder / 'data.yaml',
        'path: .\ntrain: images/train\nnames:\n  0: scratch\n  1: pit\n',
    )


@case('Roboflow: train and valid with data.yaml')
def _(folder):
    yolo(folder, names=None, images='train/images', labels='train/labels')
    yolo(folder, lines='', names=None, images='valid/images', labels='valid/labels')
    data_yaml(folder, train='../train/images', val='../valid/images')


@case('Darknet and CVAT: obj.names and obj_train_data')
def _(folder):
    yolo(folder, names='obj.names', images='obj_train_data', labels='obj_train_data')
    text(folder / 'train.txt', 'data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n')
    text(folder / 'obj.data', 'classes = 2\nnames = data/obj.names\n')


@case('Ultralytics: saved confidences', note='2 x confidence behind the coord')
def _(folder):
    yolo(folder, YOLO.replace('\n', ' 0.91\n'))


@case('Ultralytics: polygons', note='1 x polygon')
def _(folder):
    w, h = WIDTH, HEIGHT
    points = [(8, 4), (24, 4), (24, 12), (24, 20), (8, 20)]
    line = ' '.join(f'{x / w:.8f} {y / h:.8f}' for x, y in points)
    yolo(folder, f'0 {line}\n{YOLO.splitlines()[1]}\n')


@case('Ultralytics: oriented boxes', note='1 x oriented box .*polygon')
def _(folder):
    points = [(8, 4), (24, 4), (24, 20), (8, 20)]
    line = ' '.join(f'{x / WIDTH:.8f} {y / HEIGHT:.8f}' for x, y in points)
    yolo(folder, f'0 {line}\n{YOLO.splitlines()[1]}\n')


@case(
    'Makesense: a box a little over the edge',
    note='1 x box a little over the edge',
    truth={('a.jpg', 'scratch', (0.0, 4.0, 24.0, 20.0)), ('a.jpg', 'pit', PIT)},
)
def _(folder):
    line = f'0 {11.5 / WIDTH:.8f} 0.25 {25 / WIDTH:.8f} 0.333333333'
    yolo(folder, f'{line}\n{YOLO.splitlines()[1]}\n')


@case('own script: YOLO in pixels', refused='fractions of the image .*not pixels')
def _(folder):
    yolo(folder, '0 16 12 16 16.5\n')


@case('own script: classes counted from 1', refused='found class 2, .*counted from 1')
def _(folder):
    yolo(folder, '1 0.25 0.25 0.25 0.3\n2 0.6 0.5 0.3 0.6\n')


@case('no names of the classes', refused='found no names of the classes')
def _(folder):
    yolo(folder, names=None)


@case('no names of the classes, and the option', classes=['scratch', 'pit'])
def _(folder):
    yolo(folder, names=None)


@case('two class lists that differ', refused='found the classes .*expected one list')
def _(folder):
    yolo(folder, names='classes.txt')
    data_yaml(folder, names=['pit', 'scratch'])


@case('data.yaml whose nc is another', refused='found nc 3, but 2 names')
def _(folder):
    yolo(folder, names=None)
    data_yaml(folder, nc=3)


@case('images without a label file', note='1 x image without a label left out')
def _(folder):
    yolo(folder)
    (folder / 'labels/b.txt').unlink()


@case(
    'images without a label file, and the option',
    note='1 x image without a label taken as background',
    unlabelled='background',
)
def _(folder):
    yolo(folder)
    (folder / 'labels/b.txt').unlink()


@case('label of a lost image', refused="found no image 'c.jpg'")
def _(folder):
    yolo(folder)
    text(folder / 'labels/c.txt', YOLO)


@case('half a line', refused='a.txt, line 1: found 3 fields')
def _(folder):
    yolo(folder, '0 0.5 0.5\n', names='classes.txt')


@case(
    'Ultralytics pose: keypoints behind the box',
    note='2 x keypoints left out',
)
def _(folder):
    yolo(folder, YOLO.replace('\n', ' 0.2 0.2 2 0.3 0.3 2\n'), names=None)
    data_yaml(folder, kpt_shape=[2, 3])


# --- VOC, labelme, CVAT, Label Studio


def voc(folder, first=1, extra='', name='a.jpg', size=(WIDTH, HEIGHT), **kwargs):
    two_images(folder / 'JPEGImages')
    objects = ''
    for kind, box in (('scratch', SCRATCH), ('pit', PIT)):
        sides = (box[0] + first, box[1] + first, *box[2:])
        tags = zip(('xmin', 'ymin', 'xmax', 'ymax'), sides, strict=True)
        inner = ''.join(f'<{t}>{v:g}</{t}>' for t, v in tags)
        objects += (
            f'<object><name>{kind}</name>{extra}<bndbox>{inner}</bndbox></object>'
        )
    head = (
        f'<filename>{name}</filename><size><width>{size[0]}</width><height>{size[1]}'
        '</height><depth>3</depth></size>'
    )
    for stem, content in (('a', objects), ('b', '')):
        xml = f'<annotation>{head}{content}</annotation>'.replace(name, f'{stem}.jpg')
        text(
            folder / 'Annotations' / f'{stem}.xml',
            xml if name != 'x.jpg' else f'<annotation>{head}{content}</annotation>',
        )


@case('labelImg: VOC xml from 1', note='1 x first pixel taken for 1')
def _(folder):
    voc(folder)


@case('CVAT: VOC xml from 0', note='1 x first pixel taken for 0')
def _(folder):
    voc(folder, first=-0.0)
    path = folder / 'Annotations/a.xml'
    path.write_text(path.read_text().replace('<xmin>8<', '<xmin>8.0001<'))


@case('renamed images: VOC xml names others', note='2 x xml that names another image')
def _(folder):
    voc(folder, name='x.jpg')


@case('labelImg: difficult objects', refused='crowds .* alone')
def _(folder):
    voc(folder, extra='<difficult>1</difficult>')


@case('VOC xml with a document type', refused='expected plain xml, found a document ty')
def _(folder):
    voc(folder)
    text(folder / 'Annotations/a.xml', '<!DOCTYPE x SYSTEM "/etc/passwd"><annotation/>')


@case('VOC xml with xmax before xmin', refused='object 1: found the box')
def _(folder):
    voc(folder)
    path = folder / 'Annotations/a.xml'
    path.write_text(path.read_text().replace('<xmin>9<', '<xmin>60<'))


def labelme(folder, shapes=None, path='a.jpg', **content):
    two_images(folder)
    default = [
        {'label': 'scratch', 'points': [[24, 20], [8, 4]], 'shape_type': 'rectangle'},
        {
            **{'label': 'pit', 'shape_type': 'polygon'},
            'points': [[30, 10], [50, 10], [50, 40], [30, 40]],
        },
    ]
    common = {'version': '5.4', 'flags': {}, 'imageHeight': 48, 'imageWidth': 64}
    shapes = default if shapes is None else default + shapes
    text(folder / 'a.json', common | {'shapes': shapes, 'imagePath': path} | content)
    text(folder / 'b.json', common | {'shapes': [], 'imagePath': 'b.jpg'})


@case('labelme: rectangle drawn from below, and a polygon')
def _(folder):
    labelme(folder)


@case('labelme on Windows: a path with backslashes', note='1 x .*backslash')
def _(folder):
    labelme(folder / 'images')
    path = folder / 'images/a.json'
    content = json.loads(path.read_text())
    text(folder / 'json/first.json', content | {'imagePath': '..\\images\\a.jpg'})
    path.unlink()


@case('labelme: points and lines', note='1 x point or line left out')
def _(folder):
    labelme(folder, [{'label': 'pit', 'points': [[3, 3]], 'shape_type': 'point'}])


@case(
    'labelme AI: a mask as a picture',
    truth=TRUTH | {('a.jpg', 'pit', (2.0, 30.0, 6.0, 36.0))},
)
def _(folder):
    _, data = cv2.imencode('.png', np.full((6, 4), 255, np.uint8))
    labelme(
        folder,
        [
            {
                **{'label': 'pit', 'points': [[2, 30], [5, 35]], 'shape_type': 'mask'},
                'mask': base64.b64encode(data.tobytes()).decode(),
            }
        ],
    )


@case('labelme: a polygon of two points', refused=r'shapes\[2\]: found a polygon of 2')
def _(folder):
    labelme(folder, [{'label': 'pit', 'points': [[3, 3], [4, 4]]}])


@case('labelme: images that nobody labelled', note='1 x image without a label left out')
def _(folder):
    labelme(folder)
    image(folder / 'c.jpg')


CVAT = """<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>
<meta><task><labels><label><name>scratch</name></label><label><name>pit</name></label>
</labels></task></meta><image id="0" name="{name}" {subset} width="64" height="48">
<box label="scratch" occluded="0" xtl="8.00" ytl="4.00" xbr="24.00" ybr="20.00"/>
{shape}</image><image id="1" name="b.jpg" width="64" height="48"></image></annotations>
"""
POLYGON = '<polygon label="pit" points="30.0,10.0;50.0,10.0;50.0,40.0;30.0,40.0"/>'


def cvat(folder, shape=POLYGON, name='a.jpg', subset=''):
    two_images(folder / 'images')
    content = CVAT.format(shape=shape, name=name, subset=subset)
    text(folder / 'annotations.xml', content)


@case('CVAT for images 1.1')
def _(folder):
    cvat(folder)


@case('CVAT: a turned box', note='1 x oriented box .*polygon')
def _(folder):
    # turned by a right angle round (40, 25)
    box = 'xtl="25" ytl="15" xbr="55" ybr="35" rotation="90.0"'
    cvat(folder, f'<box label="pit" {box}/>')


@case('CVAT: a brush mask')
def _(folder):
    shape = 'rle="0,600" left="30" top="10" width="20" height="30"'
    cvat(folder, f'<mask label="pit" {shape}/>')


@case('CVAT: tracks of a video', refused='found tracks .*CVAT for images')
def _(folder):
    two_images(folder)
    text(folder / 'a.xml', '<annotations><track id="0" label="pit"/></annotations>')


TASK = {
    'data': {'image': '/data/upload/1/1a2b3c4d-a.jpg'},
    'annotations': [
        {
            'was_cancelled': False,
            'result': [
                {
                    'type': 'rectanglelabels',
                    'value': {
                        **{'x': 12.5, 'y': 100 * 4 / 48, 'width': 25.0},
                        **{'height': 100 * 16 / 48, 'rotation': 0},
                        'rectanglelabels': ['scratch'],
                    },
                },
                {
                    'type': 'polygonlabels',
                    'value': {
                        'points': [
                            [100 * x / 64, 100 * y / 48]
                            for x, y in ((30, 10), (50, 10), (50, 40), (30, 40))
                        ],
                        'polygonlabels': ['pit'],
                    },
                },
            ],
        }
    ],
}


def label_studio(folder, change=None):
    two_images(folder / 'images')
    empty = {'data': {'image': 'b.jpg'}, 'annotations': [{'result': []}]}
    tasks = [copy.deepcopy(TASK), empty]
    if change is not None:
        change(tasks)
    text(folder / 'project.json', tasks)


@case('Label Studio json', note="1 x .*a server's path, an upload's prefix")
def _(folder):
    label_studio(folder)


@case('Label Studio: local storage', note="1 x .*a server's path")
def _(folder):
    def change(tasks):
        tasks[0]['data']['image'] = '/data/local-files/?d=parts%2Fimages%2Fa.jpg'

    label_studio(folder, change)


@case('Label Studio: a task not done', note='1 x task without an annotation left out')
def _(folder):
    label_studio(folder, lambda tasks: tasks[1].update(annotations=[]))


@case('Label Studio: a brush', refused='found a brush mask')
def _(folder):
    def change(tasks):
        value = {'format': 'rle', 'rle': [1, 2], 'brushlabels': ['pit']}
        tasks[0]['annotations'][0]['result'].append({'value': value})

    label_studio(folder, change)


# --- text, tables, folders, masks


@case(
    'DeepPCB: corners and type',
    note='1 x types named as in DeepPCB',
    truth={('a.jpg', 'open', SCRATCH), ('a.jpg', 'spur', PIT)},
)
def _(folder):
    two_images(folder / 'images')
    text(folder / 'labels/a.txt', '8 4 24 20 1\n30 10 50 40 4\n')
    text(folder / 'labels/b.txt', '')


@case('DeepPCB: a type that is none', refused='line 1: found type 7, expected 1 to 6')
def _(folder):
    two_images(folder / 'images')
    text(folder / 'labels/a.txt', '8 4 24 20 7\n')


@case('Roboflow and TensorFlow: CSV of boxes', note='1 x image without a label left')
def _(folder):
    two_images(folder)
    text(
        folder / '_annotations.csv',
        'filename,width,height,class,xmin,ymin,xmax,ymax\n'
        'a.jpg,64,48,scratch,8,4,24,20\na.jpg,64,48,pit,30,10,50,40\n',
    )


WHOLE = {('a.jpg', 'bad', None), ('b.jpg', 'ok', None)}


@case('Excel: CSV of name and class, semicolons', to='class-folders', truth=WHOLE)
def _(folder):
    two_images(folder / 'images')
    text(folder / 'labels.csv', '\ufeffImage;Label\na.jpg;bad\nb.jpg;ok\n')


@case(
    'Kaggle: CSV with names without suffix',
    to='class-folders',
    truth=WHOLE,
    note='2 x name of an image with a name without suffix',
)
def _(folder):
    two_images(folder / 'images')
    text(folder / 'train.csv', 'id,label\na,bad\nb,ok\n')


@case('Roboflow: CSV with a column for each class', to='class-folders', truth=WHOLE)
def _(folder):
    two_images(folder)
    text(folder / '_classes.csv', 'filename, bad, ok\na.jpg, 1, 0\nb.jpg, 0, 1\n')


@case(
    'CSV with an image in two classes',
    to='class-folders',
    refused="line 3: found the class 'ok' for an image of class 'bad'",
)
def _(folder):
    two_images(folder)
    text(folder / 'labels.csv', 'name,class\na.jpg,bad\na.jpg,ok\n')


@case('Keras: a folder for each class', to='class-folders', truth=WHOLE)
def _(folder):
    image(folder / 'bad/a.jpg')
    image(folder / 'ok/b.jpg')


@case('folders of classes to a detector', refused='found the class .*no box or mask')
def _(folder):
    image(folder / 'bad/a.jpg')
    image(folder / 'ok/b.jpg')


@case('an image beside the class folders', refused='found an image beside the folders')
def _(folder):
    image(folder / 'bad/a.jpg')
    image(folder / 'ok/b.jpg')
    image(folder / 'c.jpg')


SPOT = {('a.jpg', 'defect', SCRATCH), ('a.jpg', 'defect', PIT)}


@case('KolektorSDD: masks as bmp beside the images', truth=SPOT)
def _(folder):
    two_images(folder / 'kos01')
    mask(folder / 'kos01/a_label.bmp', SCRATCH, PIT)
    mask(folder / 'kos01/b_label.bmp')


@case('KolektorSDD2: masks as png with another suffix', truth=SPOT)
def _(folder):
    two_images(folder / 'train')
    mask(folder / 'train/a_GT.png', SCRATCH, PIT)
    mask(folder / 'train/b_GT.png')


@case('magnetic tiles: a mask of the same name beside', truth=SPOT)
def _(folder):
    two_images(folder / 'Imgs')
    mask(folder / 'Imgs/a.png', SCRATCH, PIT)
    mask(folder / 'Imgs/b.png')


@case(
    'masks of two values',
    note='2 x value of the masks taken as a class',
    truth={('a.jpg', '1', SCRATCH), ('a.jpg', '2', PIT)},
)
def _(folder):
    two_images(folder / 'images')
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    picture[4:20, 8:24], picture[10:40, 30:50] = 1, 2
    (folder / 'masks').mkdir()
    cv2.imwrite(str(folder / 'masks/a.png'), picture)
    mask(folder / 'masks/b.png')


@case('a mask of another size', refused='found a mask of 32x24 pixels, expected 64x48')
def _(folder):
    two_images(folder / 'images')
    mask(folder / 'masks/a.png', (2, 2, 9, 9), size=(24, 32))
    mask(folder / 'masks/b.png')


@case('a mask without its image', refused='found a mask that fits no image')
def _(folder):
    two_images(folder / 'images')
    mask(folder / 'masks/c.png', SCRATCH)


MVTEC = {('a.jpg', 'good', None), ('b.jpg', 'good', None), ('c.jpg', 'crack', None)}


@case('MVTec AD', to='anomaly', truth=MVTEC, note='1 x class that train lacks')
def _(folder):
    image(folder / 'bottle/train/good/a.jpg')
    image(folder / 'bottle/test/good/b.jpg')
    image(folder / 'bottle/test/crack/c.jpg')
    mask(folder / 'bottle/ground_truth/crack/c_mask.png', SCRATCH)


@case(
    'MVTec AD: a test set of good parts alone',
    to='anomaly',
    note='false alarms',
    truth={('a.jpg', 'good', None), ('b.jpg', 'good', None)},
)
def _(folder):
    image(folder / 'train/good/a.jpg')
    image(folder / 'test/good/b.jpg')


@case('MVTec AD: several categories', to='anomaly', refused='categories bolt, bottle')
def _(folder):
    for category in ('bolt', 'bottle'):
        image(folder / category / 'train/good/a.jpg')
        image(folder / category / 'test/crack/c.jpg')


@case('a defect in the mask of a good image', refused='a defect in the mask of a good')
def _(folder):
    image(folder / 'images/good/a.jpg')
    image(folder / 'images/bad/b.jpg')
    mask(folder / 'masks/good/a.png', SCRATCH)
    mask(folder / 'masks/bad/b.png', SCRATCH)


@case('images alone', refused='found no labels of a known kind')
def _(folder):
    two_images(folder)


@case('labels alone', refused='found no image in it')
def _(folder):
    text(folder / 'annotations.json', COCO)


@case('an archive', refused='found an archive, expected a folder')
def _(folder):
    folder.mkdir()
    (folder / 'export.zip').write_bytes(b'PK')
    return folder / 'export.zip'


def digest(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def found_in(dataset):
    return {
        (Path(image.path).name, item.name, tuple(round(v, 3) for v in item.box))
        for image in dataset.images
        for item in image.objects
    } | {
        (Path(image.path).name, image.label, None)
        for image in dataset.images
        if image.label
    }


@pytest.mark.parametrize(('build', 'note', 'refused', 'to', 'truth', 'options'), CASES)
def test_input(tmp_path, build, note, refused, to, truth, options):
    folder = tmp_path / 'source'
    source = str(build(folder) or folder)
    before = digest(folder)
    options, out = ImportOptions(**options), tmp_path / 'out'

    if refused is not None:
        with pytest.raises((ValueError, OSError), match=refused) as error:
            import_labels(source, str(out), to, options)
        assert '\n' not in str(error.value)
        assert not out.exists()
    else:
        report = import_labels(source, str(out), to, options)
        notes = '\n'.join(report.notes)
        if note is None:
            assert not [n for n in report.notes if 'class that' not in n]
        else:
            assert re.search(note, notes), notes
        dataset, files, _ = read_labels(source, options)
        clean(dataset, files.notes, options.rescale_labels)
        labels = {
            (n, c, tuple(np.round(b, 1).tolist()) if b else b)
            for n, c, b in found_in(dataset)
        }
        if to == 'anomaly':
            labels = {(n, c, None) for n, c, b in labels if b is None}
        assert labels == truth
        if options.classes:
            assert report.classes == options.classes
        assert (out / 'import.txt').is_file()
    assert digest(folder) == before


def test_there_are_enough_inputs():
    assert len(CASES) >= 40
