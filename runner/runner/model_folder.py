# Copyright (c) mmacnn authors. All rights reserved.
"""A folder that tools/deploy.py wrote: what its detail.json says."""

import json
import os

from .errors import UserError
from .preprocessing import InputFormat

FORMAT = 2  # layout of `mmacnn` in detail.json
# One of these has to be there: what a verdict can be made of.
DECISIVE = ('scores', 'label', 'boxes', 'map')


def read_drift(path):
    """How usual frames look, see ``line.drift``; None if there is no such file."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except ValueError as error:
        raise UserError(f'{path}: damaged: {error}') from None


class ModelFolder:
    """What detail.json says about a model: its input, and its outputs by role.

    Args:
        path (str): the folder.

    Raises:
        UserError: detail.json is missing, damaged, or of another version of mmacnn.
    """

    def __init__(self, path):
        self.path = path
        detail = os.path.join(path, 'detail.json')
        try:
            with open(detail, encoding='utf-8') as file:
                facts = json.load(file)['mmacnn']
            layout = facts.get('format', 'unknown')
            if layout != FORMAT:
                raise UserError(
                    f'{path}: written by another version of mmacnn (layout {layout}, '
                    f'expected {FORMAT}): export it again with tools/deploy.py'
                )
            if os.path.basename(facts['model']) != facts['model']:
                raise ValueError('a model in another folder')
            self.onnx = os.path.join(path, facts['model'])
            self.engine = os.path.splitext(self.onnx)[0] + '.engine'
            self.openvino = os.path.splitext(self.onnx)[0] + '.xml'
            self.openvino_weights = os.path.splitext(self.onnx)[0] + '.bin'
            # An engine is built on the board, from what was exported.
            has_engine = os.path.isfile(self.engine)
            self.backend = 'tensorrt' if has_engine else facts.get('backend')
            self.drift_file = os.path.join(path, 'drift.json')
            self.drift = read_drift(self.drift_file)
            self.input = InputFormat(facts['input'])
            self.outputs = {output['role']: output for output in facts['outputs']}
            self.names = {role: each['name'] for role, each in self.outputs.items()}
            self.classes = [str(name) for name in facts['classes'] or ()]
            for key in ('stride', 'offset', 'threshold'):
                float(self.outputs.get('map', {key: None})[key] or 0)
        except OSError as error:
            raise UserError(
                f'{detail}: expected a folder that tools/deploy.py wrote: '
                f'{error.strerror}'
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f'{detail}: damaged, or not written by tools/deploy.py '
                f'({type(error).__name__}: {error})'
            ) from error
        if not set(DECISIVE) & set(self.outputs):
            raise UserError(
                f'{detail}: found outputs with the roles '
                f'{", ".join(self.outputs) or "of none"}, expected one of '
                f'{", ".join(DECISIVE)}'
            )

    @property
    def is_detector(self):
        """Whether its boxes are detections; a classifier's one box is its ROI."""
        return 'boxes' in self.outputs and 'num_classes' not in self.outputs['boxes']

    def class_name(self, label):
        """The name of a class, or its number where no name is known."""
        is_known = 0 <= label < len(self.classes)
        return self.classes[label] if is_known else f'class {label}'

    def check_outputs(self, file, names):
        """See that a network has the outputs of detail.json.

        Args:
            file (str): the network's.
            names (list): its outputs.

        Raises:
            UserError: one is missing.
        """
        missing = sorted(set(self.names.values()) - set(names))
        if missing:
            raise UserError(
                f'{file}: found no output {", ".join(missing)}, of which '
                'detail.json tells: is it of another model?'
            )
