# Copyright (c) mmacnn authors. All rights reserved.
"""Every kind of image is read as what it shows, or refused by its name."""

import json
import os
import struct
import threading

import numpy as np
import pytest
from PIL import Image, ImageOps

from mmacnn.datasets.image_files import read_image, read_image_size
from mmacnn.datasets.masks import read_mask
from mmacnn.datasets.regions import decode_region
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.inference.frames import read_image as read_frame
from mmacnn.reporting import pictures

SIZE = (40, 56)  # (height, width)
ORIENTATION = 0x0112
READERS = dict(colour=read_image, depth=LoadAnyDepthImage().read)


def picture() -> Image.Image:
    """A picture that looks different in each of the eight orientations."""
    pixels = np.zeros((*SIZE, 3), np.uint8)
    pixels[:20] = (250, 10, 10)
    pixels[:, :16, 1] = 200
    return Image.fromarray(pixels)


KINDS = {
    'cmyk.jpg': ('CMYK', dict(quality=100, subsampling=0)),
    'cmyk.tif': ('CMYK', {}),
    'grey.png': ('L', {}),
    'grey-alpha.png': ('LA', {}),
    'alpha.png': ('RGBA', {}),
    'alpha.tif': ('RGBA', {}),
    'palette.png': ('P', {}),
    'palette-clear.png': ('P', dict(transparency=0)),
    'palette.bmp': ('P', {}),
    'palette.tif': ('P', {}),
    'one-bit.png': ('1', {}),
    'one-bit.bmp': ('1', {}),
    'one-bit.tif': ('1', dict(compression='group4')),
    'progressive.jpg': ('RGB', dict(progressive=True, quality=100, subsampling=0)),
    'plain.ppm': ('RGB', {}),
    # Wrongly named: what is inside counts.
    'a-png.jpg': ('RGB', dict(format='PNG')),
    'a-bmp.png': ('RGB', dict(format='BMP')),
    'a-jpeg.png': ('RGB', dict(format='JPEG', quality=100, subsampling=0)),
    # The first frame, page or picture.
    'frames.png': ('RGB', dict(save_all=True)),
    'pages.tif': ('RGB', dict(save_all=True)),
    'pair.jpg': ('RGB', dict(format='MPO', save_all=True, quality=100, subsampling=0)),
}


@pytest.mark.parametrize('reader', READERS)
@pytest.mark.parametrize('name', KINDS)
def test_kinds_of_images(tmp_path, name, reader):
    mode, settings = KINDS[name]
    image = picture().convert(mode)
    if settings.get('save_all'):
        settings = settings | dict(append_images=[image.rotate(180)])
    path = tmp_path / name
    image.save(path, **settings)
    assert read_image_size(str(path)) == SIZE
    expected = np.array(Image.open(path).convert('RGB'))[..., ::-1].astype(int)
    assert np.abs(READERS[reader](str(path)) - expected).max() <= 2


@pytest.mark.parametrize('name', ['deep.png', 'deep.tif'])
def test_16_bits(tmp_path, name):
    grey = np.array(picture().convert('L')).astype(np.uint16)
    Image.fromarray(grey * 257).save(tmp_path / name)
    found = READERS['depth'](str(tmp_path / name))
    assert (found == grey[..., None]).all()


@pytest.mark.parametrize('kind', ['EPS', 'ICO', 'TGA', 'PDF', 'PCX', 'SGI'])
@pytest.mark.parametrize('decode', [False, True])
def test_formats_that_nobody_asked_for(tmp_path, kind, decode):
    path = tmp_path / f'{kind}.png'
    picture().save(path, format=kind)
    with pytest.raises(ValueError, match=f'{kind}.png: found an unreadable'):
        read_image_size(str(path), decode)


@pytest.mark.parametrize('suffix', ['.tif', '.png', '.jpg'])
def test_numbers_that_are_no_picture(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    picture().convert('F').save(path, format='TIFF')
    with pytest.raises(ValueError, match=rf'a{suffix}: '):
        READERS['depth'](str(path))


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.tif'])
def test_photographs_are_upright_everywhere(tmp_path, suffix, orientation):
    """Size, colours and the pixels of both readers, as Pillow would turn them."""
    path = tmp_path / f'a{suffix}'
    save_oriented(path, orientation)
    with Image.open(path) as image:
        upright = np.array(ImageOps.exif_transpose(image))[..., ::-1].astype(int)
    assert read_image_size(str(path)) == upright.shape[:2]
    for read in READERS.values():
        found = read(str(path))
        assert found.shape == upright.shape
        assert np.abs(found - upright).max() <= 2


def save_oriented(path, orientation, image=None):
    image = image or picture()
    if path.suffix == '.tif':
        image.save(path, tiffinfo={ORIENTATION: orientation})
        return
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    loss = dict(quality=100, subsampling=0) if path.suffix == '.jpg' else {}
    image.save(path, exif=exif, **loss)


@pytest.mark.parametrize('orientation', [3, 6])
def test_masks_are_turned_with_their_images(tmp_path, orientation):
    mask = np.zeros(SIZE, np.uint8)
    mask[2:9, 3:30] = 255
    path = tmp_path / 'mask.png'
    save_oriented(path, orientation, Image.fromarray(mask))
    upright = np.rot90(mask, {3: 2, 6: -1}[orientation]) > 0
    assert (decode_region(path, upright.shape, '') == upright).all()
    assert ((read_mask(str(path), upright.shape, '') > 0) == upright).all()


def test_coco_boxes_are_of_the_upright_image(named):
    if named.kind == 'region_folder':
        return  # It has no sizes; a mask turns as its image does.
    save_oriented(named.image, 6)
    with pytest.raises(ValueError, match='found 56x40 .*but .*b.png has 40x56 when'):
        named.load()
    content = json.loads(named.labels.read_text())
    content['images'][1].update(height=SIZE[1], width=SIZE[0])
    named.labels.write_text(json.dumps(content))
    assert named.load()[1]['img_path'].endswith('b.png')


def claim_size(path, width, height):
    """Write a size into the header of an image file."""
    content = bytearray(path.read_bytes())
    if path.suffix == '.jpg':
        place = content.index(b'\xff\xc0')
        content[place + 5 : place + 9] = struct.pack('>HH', height, width)
    elif path.suffix == '.bmp':
        content[18:26] = struct.pack('<ii', width, height)
    elif path.suffix == '.ppm':
        old = b'%d %d' % SIZE[::-1]
        content = content.replace(old, b'%d %d' % (width, height), 1)
    else:
        (place,) = struct.unpack_from('<I', content, 4)
        (count,) = struct.unpack_from('<H', content, place)
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            (tag,) = struct.unpack_from('<H', content, entry)
            if tag in (256, 257):
                value = width if tag == 256 else height
                struct.pack_into('<HHII', content, entry, tag, 4, 1, value)
    path.write_bytes(content)


@pytest.mark.parametrize('suffix', ['.jpg', '.bmp', '.ppm', '.tif'])
def test_huge_claims(tmp_path, suffix):
    path = tmp_path / f'huge{suffix}'
    picture().save(path)
    claim_size(path, 30000, 30000)
    for read in (read_image_size, read_image):
        with pytest.raises(ValueError, match=f'huge{suffix}: .*900000000 pixels.*exc'):
            read(str(path))
    assert 'exceeds limit' in read_frame(str(path), '', LoadAnyDepthImage())[1]


def test_huge_masks(tmp_path, bomb):
    path = tmp_path / 'huge.png'
    path.write_bytes(bomb)
    for size in (SIZE, (30000, 30000)):
        with pytest.raises(ValueError, match='huge.png: .*exceeds limit'):
            decode_region(path, size, '')
        with pytest.raises(ValueError, match='huge.png: .*exceeds limit'):
            read_mask(str(path), size, '')


def test_a_report_leaves_out_what_it_can_not_draw(tmp_path, bomb):
    for name, content in dict(huge=bomb, empty=b'', text=b'text').items():
        path = tmp_path / f'{name}.png'
        path.write_bytes(content)
        assert pictures._read(str(path)) is None
    assert pictures._read(str(tmp_path / 'absent.png')) is None


BROKEN = dict(
    empty=lambda whole, bomb: b'',
    text=lambda whole, bomb: b'no image',
    cut=lambda whole, bomb: whole[:-40],
    header=lambda whole, bomb: whole[:30],
    huge=lambda whole, bomb: bomb,
)


@pytest.mark.parametrize('broken', BROKEN)
def test_data_sets_name_a_broken_image_at_once(dataset, broken, bomb):
    assert len(dataset.load()) == 2
    whole = dataset.image.read_bytes()
    dataset.image.write_bytes(BROKEN[broken](whole, bomb))
    with pytest.raises(ValueError, match='b.png: found an unreadable or truncated'):
        dataset.load()


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='a system without pipes')
def test_a_pipe_in_the_place_of_an_image(dataset):
    """To open one would wait for ever."""
    dataset.image.unlink()
    os.mkfifo(dataset.image)
    found = []

    def load():
        try:
            dataset.load()
        except (ValueError, FileNotFoundError) as error:
            found.append(str(error))

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(20)
    assert found
    assert 'b.png' in found[0] or 'b.txt' in found[0]
