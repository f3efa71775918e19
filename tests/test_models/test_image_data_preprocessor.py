# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.structures import DataSample

from mmacnn.models.data_preprocessors import ImageDataPreprocessor

NORMALISED = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
SETTINGS = [
    dict(),
    dict(to_rgb=True),
    dict(**NORMALISED, to_rgb=True),
    dict(**NORMALISED, pad_size_divisor=16, pad_value=3),
    dict(mean=[100], std=[50]),
    dict(mean=[1, 2, 3], std=[1, 2, 5]),
]


def images(channels=3, sizes=((20, 30), (20, 30))):
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randint(0, 256, (channels, *size), generator=generator, dtype=torch.uint8)
        for size in sizes
    ]


@pytest.mark.parametrize('settings', SETTINGS)
@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('form', ['batch', 'list', 'sizes'])
@pytest.mark.parametrize('channels_last', [False, True])
def test_the_numbers_are_mmpretrains(settings, channels, form, channels_last):
    inputs = images(
        channels, ((20, 30), (24, 18)) if form == 'sizes' else ((20, 30),) * 2
    )
    inputs = torch.stack(inputs) if form == 'batch' else inputs
    before = [image.clone() for image in inputs]
    expected = ClsDataPreprocessor(**settings)(dict(inputs=inputs))['inputs']
    ours = ImageDataPreprocessor(**settings, channels_last=channels_last)
    out = ours(dict(inputs=inputs))['inputs']
    assert out.dtype == torch.float32
    assert torch.equal(out, expected)
    assert all(map(torch.equal, inputs, before))


def test_layout():
    data = dict(inputs=torch.stack(images()))
    for channels_last in (False, True):
        out = ImageDataPreprocessor(channels_last=channels_last)(data)['inputs']
        assert out.is_contiguous() != channels_last
        assert out.is_contiguous(memory_format=torch.channels_last) == channels_last


def test_labels_and_augmented_batches():
    settings = dict(
        **NORMALISED,
        num_classes=4,
        to_onehot=True,
        batch_augments=dict(augments=dict(type='Mixup', alpha=0.8)),
    )
    outs = []
    for kind in (ClsDataPreprocessor, ImageDataPreprocessor):
        samples = [DataSample().set_gt_label(label) for label in (1, 3)]
        data = dict(inputs=torch.stack(images()), data_samples=samples)
        torch.manual_seed(0)
        np.random.seed(0)
        outs.append(kind(**settings)(data, training=True))
    theirs, ours = outs
    assert torch.equal(ours['inputs'], theirs['inputs'])
    for a, b in zip(ours['data_samples'], theirs['data_samples'], strict=True):
        assert torch.equal(a.gt_score, b.gt_score)


def test_weights_of_mmpretrains_load():
    theirs = ClsDataPreprocessor(**NORMALISED).state_dict()
    ImageDataPreprocessor(**NORMALISED).load_state_dict(theirs)
