# Copyright (c) mmacnn authors. All rights reserved.
"""Which operators and types of an ONNX model a TensorRT version cannot take.

The facts are those of the ONNX parser that belongs to each version (its
``docs/operators.md`` and ``docs/Changelog.md``): ``operators.csv`` names every
operator that one of the versions has, the first that has it, and its types in 8.2.
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import onnx
from mmengine.utils import digit_version
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, shape_inference

from mmacnn.utils import InputError

MAX_OPSET = {'8.2': 13, '8.5': 17, '8.6': 17, '10.1': 20}
STANDARD_DOMAINS = ('', 'ai.onnx')
TYPES = {
    TensorProto.FLOAT: 'FP32',
    TensorProto.FLOAT16: 'FP16',
    TensorProto.INT8: 'INT8',
    TensorProto.INT32: 'INT32',
    TensorProto.BOOL: 'BOOL',
}
# The parser narrows these, with a warning, and clamps what does not fit.
# Version 10 keeps INT64.
NARROWED = {TensorProto.DOUBLE: 'FP32', TensorProto.INT64: 'INT32'}
NEW_IN_10 = (TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN, TensorProto.INT4)
# Where the type that the table speaks of is not the first input's.
DATA_INPUT = {'Where': 1}
TYPED_BY_OUTPUT = ('Cast', 'Constant', 'ConstantOfShape')


class _Operator(NamedTuple):
    since: str
    types: frozenset[str]  # in 8.2


@cache
def _operators() -> dict[str, _Operator]:
    table = resources.files(__package__).joinpath('operators.csv')
    with table.open(encoding='utf-8') as file:
        return {
            row['operator']: _Operator(
                row['since'], frozenset(row['types_in_8.2'].split())
            )
            for row in csv.DictReader(file)
        }


def unsupported_operators(model: ModelProto | str | Path, version: str) -> list[str]:
    """Name what stands between a model and a TensorRT engine.

    It looks at opset, operators, domains and types, in the branches of If and the body
    of Loop too, not at attributes. Types of single operators are known for 8.2 alone,
    and a value whose type ONNX cannot infer passes.

    Args:
        model: The ONNX model, or its file.
        version: '8.2' (JetPack 4.6), '8.5' (JetPack 5.1), '8.6' or '10.1'.

    Returns:
        A line for each opset, operator or type that the version lacks, with the number
        of places and the first of them; empty if it lacks none.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: The version is not in the table.

    Example:
        >>> from onnx import parser
        >>> model = parser.parse_model('''<ir_version: 8, opset_import: ["": 16]>
        ...     crop (float[1,3,8,8] x, float[1,4,4,2] grid) => (float[1,3,4,4] y)
        ...     { y = GridSample(x, grid) }''')
        >>> for line in unsupported_operators(model, '8.2'):
        ...     print(line)
        opset 16: TensorRT 8.2 takes 13 at most
        GridSample: TensorRT 8.5 is the first to have it, not 8.2 (1 place: y)
    """
    if version not in MAX_OPSET:
        raise InputError(
            f'TensorRT {version}: expected one of the versions {", ".join(MAX_OPSET)}'
        )
    if not isinstance(model, ModelProto):
        model = onnx.load(model, load_external_data=False)
    lines = [
        f'opset {opset.version}: TensorRT {version} takes {MAX_OPSET[version]} at most'
        for opset in model.opset_import
        if opset.domain in STANDARD_DOMAINS and opset.version > MAX_OPSET[version]
    ]
    places: dict[str, list[str]] = {}
    typed = shape_inference.infer_shapes(model)
    for problem, place in (
        *_operator_problems(typed.graph, version, {}),
        *_type_problems(typed.graph, version),
    ):
        places.setdefault(problem, []).append(place)
    return lines + [
        f'{problem} ({len(where)} place{"s"[: len(where) > 1]}: {where[0]})'
        for problem, where in places.items()
    ]


def _operator_problems(
    graph: GraphProto, version: str, outer_types: dict[str, int]
) -> Iterator[tuple[str, str]]:
    """Problem and place of each operator that is missing or not for its type."""
    types = outer_types | _value_types(graph)
    for node in graph.node:
        place = node.name or node.output[0]
        operator = _operators().get(node.op_type)
        if node.domain not in STANDARD_DOMAINS:
            yield f'{node.domain}.{node.op_type}: not an operator of ONNX', place
        elif operator is None:
            known = ', '.join(MAX_OPSET)
            yield f'{node.op_type}: no TensorRT of {known} has it', place
        elif digit_version(operator.since) > digit_version(version):
            yield (
                f'{node.op_type}: TensorRT {operator.since} is the first to have it, '
                f'not {version}',
                place,
            )
        elif version == '8.2':
            for name in _data_values(node):
                found = TYPES.get(types.get(name)) or NARROWED.get(types.get(name))
                if found is not None and found not in operator.types:
                    expected = ' '.join(sorted(operator.types))
                    problem = f'{node.op_type} of {found}: TensorRT 8.2 has {expected}'
                    yield problem, place
        for subgraph in _subgraphs(node):
            yield from _operator_problems(subgraph, version, types)


def _type_problems(graph: GraphProto, version: str) -> Iterator[tuple[str, str]]:
    """Problem and place of each value of a type that the version does not know."""
    allowed = set(TYPES) | set(NARROWED)
    if digit_version(version) >= digit_version('10'):
        allowed.update(NEW_IN_10)
    edge = _uint8_at_the_edge(graph) if version != '8.2' else set()
    for name, type_ in _value_types(graph).items():
        if type_ == TensorProto.UNDEFINED or type_ in allowed or name in edge:
            continue
        hint = ''
        if type_ == TensorProto.UINT8:
            hint = (
                ' (8.5 has, for inputs and outputs of the model)'
                if version == '8.2'
                else ' but for inputs and outputs of the model, next to a Cast'
            )
        type_name = TensorProto.DataType.Name(type_)
        yield f'type {type_name}: TensorRT {version} has none{hint}', name
    for node in graph.node:
        for subgraph in _subgraphs(node):
            yield from _type_problems(subgraph, version)


def _uint8_at_the_edge(graph: GraphProto) -> set[str]:
    """Inputs that only a Cast reads, and outputs that a Cast writes."""
    read_otherwise = {
        name for node in graph.node if node.op_type != 'Cast' for name in node.input
    }
    cast = {node.output[0] for node in graph.node if node.op_type == 'Cast'}
    return ({value.name for value in graph.input} - read_otherwise) | (
        {value.name for value in graph.output} & cast
    )


def _value_types(graph: GraphProto) -> dict[str, int]:
    """Element type of each tensor of a graph, as ``TensorProto.DataType``."""
    values = (*graph.value_info, *graph.input, *graph.output)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    types |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    return types


def _data_values(node: NodeProto) -> list[str]:
    """Names of the values whose type an operator has to support."""
    first = DATA_INPUT.get(node.op_type, 0)
    names = [] if node.op_type == 'ConstantOfShape' else node.input[first : first + 1]
    if node.op_type in TYPED_BY_OUTPUT:
        names = [*names, node.output[0]]
    return list(names)


def _subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField('g'):
            yield attribute.g
        yield from attribute.graphs
