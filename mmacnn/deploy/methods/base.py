# Copyright (c) mmacnn authors. All rights reserved.
"""What a method tells deployment, and how it is found."""

import sys
from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from mmacnn.utils import InputError

Normalise = Callable[[Tensor], Tensor]
METHODS: dict[type[nn.Module], 'Method'] = {}


class Method:
    """All that deployment must know of a method; a subclass fills it in."""

    model: ClassVar[type[nn.Module]]
    """Models of this class and of those derived from it."""

    outputs: ClassVar[dict[str, str]]
    """Outputs that ``ir_config.output_names`` can list, with their roles, of those in
    :mod:`mmacnn.deploy.roles`."""

    codebase: ClassVar[str] = 'mmacnn'
    """MMDeploy's codebase; one of MMDeploy's own exports by its own rewriters."""

    tasks: ClassVar[tuple[str, ...]] = ('Classification',)
    """What ``codebase_config.task`` can be."""

    def graph(
        self, model: nn.Module, images: Tensor, normalise: Normalise
    ) -> dict[str, Tensor]:
        """The forward pass of the exported graph.

        Args:
            model: The trained model.
            images: (B, C, H, W), normalised, or raw BGR grey levels.
            normalise: Makes of raw images what the model was trained with, pixel by
                pixel, and leaves normalised ones as they are.

        Returns:
            All of ``outputs``, by name; those that the deploy config does not list are
            dropped from the graph.
        """
        raise NotImplementedError

    def output_names(self, model: nn.Module, listed: list[str]) -> list[str]:
        """The outputs to export: by default those that the deploy config lists."""
        return listed

    def pads(self, model: nn.Module) -> bool:
        """Whether the graph pads its input itself to ``pad_size_divisor``."""
        return False

    def facts(self, model: nn.Module) -> dict[str, dict]:
        """What stands beside a role in ``detail.json``, by the role."""
        return {}

    def check(self, model: nn.Module) -> None:
        """Look at the weights before the export.

        Raises:
            InputError: Something that an output needs is missing in the checkpoint.
        """


def register_method(method: type[Method]) -> type[Method]:
    """Make a method known; the class of its model must be its own."""
    METHODS[method.model] = method()
    return method


def method_of(model: nn.Module) -> Method:
    """The method of a model: that of its class, or of the nearest class above it.

    Raises:
        InputError: No method is known for it.
    """
    if 'mmdet.models' in sys.modules:  # Who defines a detector has imported mmdet's.
        from . import detector  # noqa: F401
    for kind in type(model).__mro__:
        if kind in METHODS:
            return METHODS[kind]
    names = ', '.join(sorted(kind.__name__ for kind in METHODS))
    raise InputError(
        f'model: found a {type(model).__name__}, which cannot be exported; expected '
        f'one of {names}, or a class derived from one'
    )
