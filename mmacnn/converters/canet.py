# Copyright (c) mmacnn authors. All rights reserved.
"""Checkpoints of the two official implementations of CANet.

Hou, Liu, Zhang, Wei, Chen, *CANet*, Pattern Recognition 140 (2023) 109558. One is for
MMDetection 2.25, whose names MMDetection 3 has kept. The other is of PyTorch alone,
with torchvision's names; the config for its checkpoints has

- ``LaplacianFPN(attention=False)``;
- plug-ins at ``stages=(False, True, True, True)``;
- anchors of ``scales=[8, 4, 2]``, in the order of the RPN's channels;
- ``RoIAlign(aligned=False, sampling_ratio=2)``;
- one class less, the background; class i is the category with id i + 1.
"""

import logging
import re
from collections import Counter

from torch import Tensor

from mmacnn.utils import InputError

from .weights import plain_weights

logger = logging.getLogger(__name__)

_BLOCK = r'layer[1-4]\.\d+'
_NORM = r'(?:weight|bias|running_mean|running_var|num_batches_tracked)'
_ENCODER = r'(?:appr_bias|gamma|(?:key|value)_conv\.weight|proj_conv\.(?:weight|bias))'
_CONTEXT = r'(?:conv_mask|channel_(?:add|mul)_conv\.[013])\.(?:weight|bias)'
_RESNET = (
    rf'(?:{_BLOCK}\.)?conv[123]\.weight|(?:{_BLOCK}\.)?bn[123]\.{_NORM}'
    rf'|{_BLOCK}\.downsample\.(?:0\.weight|1\.{_NORM})'
)

# Names that MMDetection 3 has kept.
KEPT = '|'.join(
    [
        rf'backbone\.(?:{_RESNET})',
        rf'backbone\.{_BLOCK}\.spatial_attention_encoder\.{_ENCODER}',
        rf'backbone\.{_BLOCK}\.context_block\.{_CONTEXT}',
        rf'neck\.(?:lateral|fpn)_convs\.\d\.(?:conv\.(?:weight|bias)|[bg]n\.{_NORM})',
        r'neck\.cross_convs\.[1-9]\.(?:alpha|beta)',
        r'neck\.cross_convs\.[1-9]\.pre_(?:low|high)_conv\.conv\.(?:weight|bias)',
        r'neck\.cross_convs\.[1-9]\.SE_(?:context|edge)\.[02]\.(?:weight|bias)',
        r'neck\.attention_aggregation\.conv_list[1-4]\.\d\.conv\.(?:weight|bias)',
        r'rpn_head\.rpn_(?:conv|cls|reg)\.(?:weight|bias)',
        r'roi_head\.bbox_head\.(?:shared_fcs\.\d|fc_cls|fc_reg)\.(?:weight|bias)',
    ]
)

_PLUGIN = rf'backbone\.(?:body\.)?({_BLOCK})\.plugin[123]\.\d'
_NECK = r'(?:neck|backbone\.fpn)'
_FUSION = rf'{_NECK}\.fusion_modules\.(\d)'

# Names of the implementation in PyTorch alone. Its fusion modules are counted from the
# level that they fuse into, and here from the level above, which comes down.
RENAMED = {
    rf'backbone\.body\.({_RESNET})': r'backbone.\1',
    rf'{_PLUGIN}\.({_ENCODER})': r'backbone.\1.spatial_attention_encoder.\2',
    rf'{_PLUGIN}\.({_CONTEXT})': r'backbone.\1.context_block.\2',
    rf'{_NECK}\.inner_blocks\.(\d)(?:\.0)?\.(weight|bias)': (
        r'neck.lateral_convs.\1.conv.\2'
    ),
    rf'{_NECK}\.layer_blocks\.(\d)(?:\.0)?\.(weight|bias)': (
        r'neck.fpn_convs.\1.conv.\2'
    ),
    rf'{_FUSION}\.(alpha|beta)': r'neck.cross_convs.{}.\2',
    rf'{_FUSION}\.conv_(low|high)\.(weight|bias)': (
        r'neck.cross_convs.{}.pre_\2_conv.conv.\3'
    ),
    rf'{_FUSION}\.se_sum\.(?:se_module\.)?([02])\.(weight|bias)': (
        r'neck.cross_convs.{}.SE_edge.\2.\3'
    ),
    rf'{_FUSION}\.se_sub\.(?:se_module\.)?([02])\.(weight|bias)': (
        r'neck.cross_convs.{}.SE_context.\2.\3'
    ),
    r'rpn\.head\.conv\.(?:0\.0\.)?(weight|bias)': r'rpn_head.rpn_conv.\1',
    r'rpn\.head\.cls_logits\.(weight|bias)': r'rpn_head.rpn_cls.\1',
    r'rpn\.head\.bbox_pred\.(weight|bias)': r'rpn_head.rpn_reg.\1',
    r'roi_heads\.box_head\.fc6\.(weight|bias)': r'roi_head.bbox_head.shared_fcs.0.\1',
    r'roi_heads\.box_head\.fc7\.(weight|bias)': r'roi_head.bbox_head.shared_fcs.1.\1',
    r'roi_heads\.box_predictor\.cls_score\.(weight|bias)': (
        r'roi_head.bbox_head.fc_cls.\1'
    ),
    r'roi_heads\.box_predictor\.bbox_pred\.(weight|bias)': (
        r'roi_head.bbox_head.fc_reg.\1'
    ),
}

DROPPED = {
    r'neck\.cross_convs\.0\..+': (
        'the official neck never uses the fusion module of its lowest level'
    ),
    r'_classes_': 'the names of the classes are in the config',
}


def convert_canet_checkpoint(state_dict: dict) -> dict[str, Tensor]:
    """Convert the weights of a published CANet to those of a model of this package.

    Each weight is converted, or dropped with a line in the log that says why.

    Args:
        state_dict: Weights of a CANet of either official implementation, or a
            checkpoint that has them under ``state_dict`` or ``model``.

    Returns:
        Weights of an MMDetection 3 Faster R-CNN with CANet's plug-ins and neck.

    Raises:
        InputError: There are weights that neither implementation has, or two that
            would get the same name.
    """
    state_dict = plain_weights(state_dict)
    dropped = {name: _reason_to_drop(name) for name in state_dict}
    names = {name: _new_name(name) for name in state_dict if not dropped[name]}
    _check_names(names)
    converted = {
        new_name: _reorder_classes(name, state_dict[name])
        for name, new_name in names.items()
    }
    _add_gate_biases(converted)
    logger.info('%d weights converted', len(names))
    for reason, count in Counter(filter(None, dropped.values())).items():
        logger.info('%d weights dropped: %s', count, reason)
    return converted


def _reason_to_drop(name: str) -> str | None:
    for pattern, reason in DROPPED.items():
        if re.fullmatch(pattern, name):
            return reason
    return None


def _new_name(name: str) -> str | None:
    if re.fullmatch(KEPT, name):
        return name
    for pattern, template in RENAMED.items():
        if match := re.fullmatch(pattern, name):
            new_name = match.expand(template)
            if '{}' in new_name:
                new_name = new_name.format(int(match[1]) + 1)
            return new_name
    return None


def _check_names(names: dict[str, str | None]) -> None:
    """Refuse what can't be converted with certainty."""
    unknown = [name for name, new_name in names.items() if new_name is None]
    if unknown or not names:
        found = f'{len(unknown)} unknown, {unknown[0]!r} first' if unknown else 'none'
        raise InputError(
            f'weights: found {found}, expected those of a CANet of its authors: Faster '
            'R-CNN of MMDetection 2.25, or of their implementation in PyTorch alone'
        )
    for new_name, count in Counter(names.values()).items():
        if count > 1:
            twice = [name for name in names if names[name] == new_name]
            raise InputError(f'{twice} would all be {new_name}, expected one of them')


def _reorder_classes(name: str, weight: Tensor) -> Tensor:
    """Put the background last, which is first in the implementation in PyTorch."""
    if name.startswith('roi_heads.box_predictor.cls_score.'):
        return weight.roll(-1, 0)
    if name.startswith('roi_heads.box_predictor.bbox_pred.'):
        logger.info('4 rows of %s dropped: the background has no box', name)
        return weight[4:].clone()
    return weight


def _add_gate_biases(weights: dict[str, Tensor]) -> None:
    """Give the gates of the implementation in PyTorch, which have no bias, a zero."""
    for name, weight in list(weights.items()):
        if re.fullmatch(r'neck\.cross_convs\.\d\.SE_\w+\.[02]\.weight', name):
            bias = name.removesuffix('weight') + 'bias'
            weights.setdefault(bias, weight.new_zeros(len(weight)))
