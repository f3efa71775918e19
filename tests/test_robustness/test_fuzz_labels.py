# Copyright (c) mmacnn authors. All rights reserved.
"""Whatever stands in a label file: it is read, or one line says what is wrong."""

import copy
import json
from xml.sax.saxutils import escape

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from pycocotools import mask as coco_mask

from mmacnn.converters.labels.importer import ImportOptions, import_labels
from mmacnn.converters.wafer import convert_wafers, to_image
from mmacnn.datasets.class_names import check_class_names, read_class_names
from mmacnn.datasets.contained_files import check_name
from mmacnn.datasets.regions import decode_region
from mmacnn.datasets.tables import read_table
from mmacnn.datasets.yolo_folder import parse_line, pixel_box, read_label
from mmacnn.utils import read_json, read_pickle

SIZE = (24, 32)
LONGEST_MESSAGE = 700

texts = st.text(max_size=40)
numbers = st.one_of(
    st.integers(), st.integers(-(10**400), 10**400), st.floats(), st.booleans()
)
plain = st.recursive(
    st.one_of(st.none(), numbers, texts),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=8,
)


def allowed(function, *arguments, errors=(ValueError,)):
    """The result, or None after one of the documented errors, of one short line."""
    try:
        return function(*arguments)
    except errors as error:
        message = str(error)
        assert len(message) < LONGEST_MESSAGE, message[:2000]
        assert type(error) is not UnicodeDecodeError
        return None


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    """Writes content into one file, which the examples share, and returns its path."""
    path = tmp_path_factory.mktemp('fuzz') / 'file.txt'

    def write(content):
        if isinstance(content, str):
            content = content.encode('utf-8', 'surrogatepass')
        path.write_bytes(content)
        return str(path)

    return write


fields = st.one_of(
    st.sampled_from(['0', '1', '0.5', '1e-9', '-0', 'nan', 'inf', '1e999', '0x1']),
    st.floats(0, 1).map(str),
    st.integers(-3, 9).map(str),
    texts,
)
lines = st.lists(fields, max_size=9).map(' '.join)


@given(st.one_of(lines, texts), st.integers(1, 5))
@example('9' * 5000, 3)
@example('0 0.5 0.5 5e-324 1', 3)
def test_yolo_line(line, num_classes):
    found = allowed(parse_line, line, 'a.txt, line 1', num_classes)
    if found:
        class_id, box, corners = found
        assert corners is None or len(corners) == 4
        assert 0 <= class_id < num_classes
        assert box is None or (min(box) >= 0 and max(box) <= 1 and min(box[2:]) > 0)


@given(st.one_of(st.binary(max_size=80), st.lists(lines, max_size=4).map('\n'.join)))
def test_yolo_file(file, content):
    for multiple in ('error', 'largest'):
        allowed(read_label, file(content), 3, multiple)


fractions = st.floats(0, 1)
sides = st.integers(1, 5000)


@given(
    fractions,
    fractions,
    st.floats(0, 1, exclude_min=True),
    st.floats(1e-9, 1),
    sides,
    sides,
)
def test_yolo_box_in_pixels(cx, cy, w, h, height, width):
    box = allowed(pixel_box, (cx, cy, w, h), height, width, 'here')
    if box:
        assert 0 <= box[0] < box[2] <= width
        assert 0 <= box[1] < box[3] <= height
        single = np.float32(box)
        assert (single[2:] > single[:2]).all()


@given(st.one_of(st.binary(max_size=200), plain.map(json.dumps), texts))
def test_json(file, content):
    path = file(content)
    found = allowed(read_json, path, 'labels')
    if found is not None and isinstance(content, str):
        assert found == json.loads(content)


@given(st.binary(max_size=200))
def test_pickle(file, content):
    allowed(read_pickle, file(content), 'results')


def mutate(content, data):
    """Replace, remove or double some parts of nested lists and dicts."""
    content = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(1, 3), 'changes')):
        part = content
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys), 'key')
            inner = part[key]
            if isinstance(inner, dict | list) and data.draw(st.booleans(), 'deeper'):
                part = inner
                continue
            kind = data.draw(st.sampled_from(['replace', 'remove', 'double']), 'kind')
            if kind == 'remove':
                del part[key]
            elif kind == 'double' and isinstance(part, list):
                part.append(copy.deepcopy(inner))
            else:
                part[key] = data.draw(plain, 'value')
            break
    return content


@given(st.data())
def test_coco(named, data):
    """Both data sets of COCO json, and the first sample."""
    if named.labels.suffix != '.json':
        return
    if not hasattr(named, 'whole'):
        named.whole = json.loads(named.labels.read_text())
    named.labels.write_text(json.dumps(mutate(named.whole, data)))
    dataset = allowed(named.load, errors=(ValueError, FileNotFoundError))
    if dataset is not None and len(dataset):
        item = dataset.get_data_info(0)
        if 'region' in item:
            allowed(decode_region, item['region'], SIZE, 'here')


@given(st.lists(st.lists(fields, max_size=4).map(','.join), max_size=4), st.data())
def test_region_table(named, lines, data):
    if named.kind != 'region_folder':
        return
    header = data.draw(st.sampled_from(['image,mask,label', 'mask,image,label,x', '']))
    good = data.draw(st.sampled_from(['a.png,m.png,dent', 'm.png,a.png,"x']))
    text = '\n'.join([header, good, *lines])
    named.labels.write_bytes(text.encode('utf-8', 'surrogatepass'))
    dataset = allowed(named.load, errors=(ValueError, FileNotFoundError))
    assert dataset is None or len(dataset)


@given(st.one_of(st.binary(max_size=100), texts))
def test_table(file, content):
    allowed(lambda: list(read_table(file(content), ['a'])))
    content = b'a,b\n' + content.encode(errors='replace') if content is str else content
    rows = allowed(lambda: list(read_table(file(content), ['a'])))
    assert rows is None or all('a' in row for _, row in rows)


coordinates = st.one_of(st.floats(-40, 80), st.integers(-40, 80), numbers, texts)
regions = st.one_of(
    st.lists(st.lists(coordinates, max_size=12), max_size=3),
    st.lists(st.lists(st.floats(-24, 56), min_size=6, max_size=6), min_size=1),
    st.fixed_dictionaries(
        dict(
            size=st.one_of(st.just(list(SIZE)), plain),
            counts=st.one_of(
                texts,
                st.binary(max_size=30),
                st.text('0123`oPQ', max_size=30),
                st.lists(numbers, max_size=6),
                plain,
            ),
        )
    ),
    plain.filter(lambda value: not isinstance(value, str)),  # else a file's name
)


@given(regions)
def test_region(region):
    mask = allowed(decode_region, region, SIZE, 'here')
    if mask is not None:
        assert mask.shape == SIZE
        assert mask.any()
        assert mask.max() == 1


@given(arrays.arrays(np.uint8, SIZE, elements=st.integers(0, 1)))
def test_run_lengths_and_back(mask):
    packed = coco_mask.encode(np.asfortranarray(mask))
    found = allowed(decode_region, dict(packed, size=list(SIZE)), SIZE, 'here')
    assert (mask == (0 if found is None else found)).all()


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32, bool, 'U3', object, complex]),
        st.one_of(st.just(SIZE), arrays.array_shapes(max_dims=3, max_side=4)),
    )
)
def test_region_of_an_array(mask):
    allowed(decode_region, mask, SIZE, 'here')


@pytest.fixture(scope='module')
def voc(tmp_path_factory):
    """Reads content as the xml file of an image."""
    folder = tmp_path_factory.mktemp('voc')
    Image.new('RGB', SIZE[::-1]).save(folder / 'a.png')

    def read(content):
        if isinstance(content, str):
            content = content.encode('utf-8', 'surrogatepass')
        (folder / 'a.xml').write_bytes(content)
        import_labels(str(folder), None, 'coco', ImportOptions(format='voc'))

    return read


@given(st.one_of(st.binary(max_size=100), texts), st.lists(fields, min_size=6))
def test_voc(voc, content, values):
    allowed(voc, content)
    values = [escape(value) for value in values]
    sides = ('xmin', 'ymin', 'xmax', 'ymax', 'name', 'difficult')
    inner = ''.join(f'<{s}>{v}</{s}>' for s, v in zip(sides, values, strict=False))
    allowed(
        voc,
        '<annotation><object><name>dent</name><bndbox>'
        f'{inner}</bndbox></object></annotation>',
    )


@given(st.one_of(st.binary(max_size=80), st.lists(texts, max_size=5).map('\n'.join)))
def test_class_names(file, content):
    names = allowed(read_class_names, file(content))
    assert names is None or len(set(names)) == len(names) > 0


@given(st.lists(st.one_of(texts, plain), max_size=5))
def test_class_names_of_a_config(names):
    found = allowed(check_class_names, names, 'config')
    assert found is None or found == tuple(names)


@given(st.one_of(plain, st.text('./\\a', max_size=9)))
def test_name_of_a_file(name):
    found = allowed(check_name, name, 'here')
    if found:
        assert not found.startswith('/')


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32, bool, 'U1', object]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        fill=st.nothing(),
    )
)
def test_wafer_map(values):
    image = allowed(to_image, values)
    assert image is None or set(np.unique(image)) <= {0, 128, 255}


@given(st.lists(st.lists(fields, max_size=4).map(','.join), max_size=4))
def test_wafer_labels(tmp_path, lines):
    np.savez(tmp_path / 'maps.npz', w=np.ones((3, 3), int), v=np.ones((3, 3), int))
    text = '\n'.join(['name,label,split,lot', 'w,none,train,1', *lines])
    (tmp_path / 'a.csv').write_bytes(text.encode('utf-8', 'surrogatepass'))
    source, out = str(tmp_path / 'maps.npz'), tmp_path / 'out'
    if allowed(convert_wafers, source, str(out), str(tmp_path / 'a.csv')):
        for path in sorted(out.rglob('*'), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        out.rmdir()
    assert {path.name for path in tmp_path.iterdir()} == {'maps.npz', 'a.csv'}
