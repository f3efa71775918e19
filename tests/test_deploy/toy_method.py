# Copyright (c) mmacnn authors. All rights reserved.
"""A sixth method in one file outside the package: brightness, and where it is."""

import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmacnn.deploy.methods import Method, register_method

THRESHOLD = 0.25


@MODELS.register_module(force=True)
class Toy(BaseModel):
    """A convolution of stride 4; its mean is the logit of the second class."""

    def __init__(self, data_preprocessor: dict) -> None:
        super().__init__(data_preprocessor)
        self.conv = nn.Conv2d(3, 1, 4, stride=4)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        maps = self.conv(inputs)[:, 0]
        defective = maps.mean((1, 2)).sigmoid()
        if mode == 'tensor':
            return defective, maps
        samples = data_samples or [DataSample() for _ in inputs]
        size = tuple(inputs.shape[-2:])
        over = nn.functional.interpolate(maps[:, None], size, mode='bilinear')[:, 0]
        for sample, score, heatmap in zip(samples, defective, over, strict=True):
            sample.set_pred_score(torch.stack((1 - score, score)))
            sample.set_pred_label(int(score > 0.5))
            sample.set_field(heatmap, 'pred_heatmap')
            sample.set_field(heatmap > THRESHOLD, 'pred_mask')
        return samples


@register_method
class ToyMethod(Method):
    model = Toy
    outputs = dict(score='scores', heat='map')

    def graph(self, model, images, normalise):
        defective, maps = model(normalise(images))
        return dict(score=torch.stack((1 - defective, defective), 1), heat=maps)

    def facts(self, model):
        place = dict(stride=None, offset=None)
        return dict(map=dict(place, threshold=THRESHOLD, unit='logit'))
