# Copyright (c) mmacnn authors. All rights reserved.
"""CAM classifier: scores, and the class activation map of the same forward pass."""

from torch import Tensor

from mmacnn.models.classifiers import CAMClassifier

from .base import Method, Normalise, register_method


@register_method
class CAMMethod(Method):
    """See the module."""

    model = CAMClassifier
    outputs = dict(output='scores', score='scores', cam='map')

    def graph(
        self, model: CAMClassifier, images: Tensor, normalise: Normalise
    ) -> dict[str, Tensor]:
        """See :class:`Method`."""
        cam = model.head.activation_map(model.extract_feat(normalise(images)))
        scores = model.head.scores(model.head.pool(cam))
        return dict(output=scores, score=scores, cam=cam)

    def facts(self, model: CAMClassifier) -> dict[str, dict]:
        """Where the cells of the map lie, and what is a defect region in it."""
        head = model.head
        cells = dict(stride=head.stride, offset=head.offset)
        cut = dict(threshold=head.map_threshold, unit='logit')
        return dict(map=dict(cells, **cut, **head.region_rule._asdict()))
