# Copyright (c) mmacnn authors. All rights reserved.
import pytest

onnx = pytest.importorskip('onnx', reason='the check reads ONNX models')
from mmacnn.deploy.tensorrt.operators import (  # noqa: E402
    MAX_OPSET,
    _operators,
    unsupported_operators,
)


def parse(graph: str, opset: int = 13, functions: str = '', domain: str = ''):
    imports = f'"": {opset}' + (f', "{domain}": 1' if domain else '')
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: [{imports}]>\n{graph}\n{functions}'
    )


CONVOLUTION = """net (float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4,6,6] y) {
    h = Conv(x, w)
    y = Relu(h)
}"""
GRID_SAMPLE = """net (float[1,3,8,8] x, float[1,4,4,2] grid) => (float[1,3,4,4] y) {
    y = GridSample(x, grid)
}"""
ROI_ALIGN = """net (float[1,3,8,8] x, float[2,4] rois, int64[2] batch) => (float y) {
    y = RoiAlign<output_height = 2, output_width = 2>(x, rois, batch)
}"""
NMS = """net (float[1,6,4] boxes, float[1,1,6] scores) => (int64[n,3] y)
    <int64[1] most = {5}, float[1] iou = {0.5}> {
    y = NonMaxSuppression(boxes, scores, most, iou)
}"""


@pytest.mark.parametrize('version', MAX_OPSET)
def test_a_plain_network_fits_every_version(version):
    assert unsupported_operators(parse(CONVOLUTION), version) == []


@pytest.mark.parametrize(
    ('graph', 'operator', 'since'),
    [(GRID_SAMPLE, 'GridSample', '8.5'), (ROI_ALIGN, 'RoiAlign', '8.5')],
)
def test_an_operator_that_came_later(graph, operator, since):
    opset = 16 if operator == 'GridSample' else 13
    lines = unsupported_operators(parse(graph, opset), '8.2')
    assert lines[-1] == (
        f'{operator}: TensorRT {since} is the first to have it, not 8.2 (1 place: y)'
    )
    assert unsupported_operators(parse(graph, opset), since) == []


def test_non_max_suppression_is_in_8_2():
    assert unsupported_operators(parse(NMS), '8.2') == []


def test_an_operator_that_no_version_has():
    graph = 'net (float[4] x) => (float[n] y) { y = Unique(x) }'
    assert unsupported_operators(parse(graph), '10.1') == [
        'Unique: no TensorRT of 8.2, 8.5, 8.6, 10.1 has it (1 place: y)'
    ]


def test_a_custom_domain_even_with_a_standard_name():
    graph = """net (float[4] x) => (float[4] y) {
        h = mmdeploy.Relu(x)
        y = mmdeploy.Relu(h)
    }"""
    assert unsupported_operators(parse(graph, domain='mmdeploy'), '10.1') == [
        'mmdeploy.Relu: not an operator of ONNX (2 places: h)'
    ]


@pytest.mark.parametrize(('version', 'limit'), MAX_OPSET.items())
def test_opset_limit(version, limit):
    assert unsupported_operators(parse(CONVOLUTION, limit), version) == []
    assert unsupported_operators(parse(CONVOLUTION, limit + 1), version) == [
        f'opset {limit + 1}: TensorRT {version} takes {limit} at most'
    ]


def test_branches_and_bodies_are_searched():
    graph = """net (bool cond, float[1,3,8,8] x, float[1,4,4,2] grid) => (float y) {
        y = If(cond) <
            then_branch = then () => (float a) { a = GridSample(x, grid) },
            else_branch = other () => (float b) {
                b = If(cond) <
                    then_branch = deep () => (float c) { c = Shrink(x) },
                    else_branch = flat () => (float d) { d = Identity(x) }
                >
            }
        >
    }"""
    lines = unsupported_operators(parse(graph), '8.2')
    assert [line.partition(':')[0] for line in lines] == ['GridSample', 'Shrink']


def test_types_of_an_operator_in_8_2():
    graph = 'net (int64[4] x) => (int64[4] y) { y = Relu(x) }'
    assert unsupported_operators(parse(graph, 14), '8.2')[1:] == [
        'Relu of INT32: TensorRT 8.2 has FP16 FP32 INT8 (1 place: y)'
    ]


def test_int64_and_double_are_narrowed():
    graph = """net (double[4,6] x) => (double[6,4] y) <int64[2] size = {6, 4}> {
        y = Reshape(x, size)
    }"""
    assert unsupported_operators(parse(graph), '8.2') == []


def test_the_chosen_operand_counts():
    where = """net (bool[4] c, float[4] a, float[4] b) => (float[4] y) {
        y = Where(c, a, b)
    }"""
    fill = """net (int64[2] size) => (int64[m,n] y) {
        y = ConstantOfShape<value = int64[1] {1}>(size)
    }"""
    cast = 'net (float[4] x) => (uint16[4] y) { y = Cast<to = 4>(x) }'
    assert unsupported_operators(parse(where), '8.2') == []
    assert unsupported_operators(parse(fill), '8.2') == [
        'ConstantOfShape of INT32: TensorRT 8.2 has FP32 (1 place: y)'
    ]
    assert unsupported_operators(parse(cast), '8.2') == [
        'type UINT16: TensorRT 8.2 has none (1 place: y)'
    ]


def test_uint8_images():
    graph = """net (uint8[1,8,8,3] image) => (float[1,3,8,8] y) {
        h = Cast<to = 1>(image)
        y = Transpose<perm = [0,3,1,2]>(h)
    }"""
    inside = """net (uint8[1,8,8,3] image) => (float[1,3,8,8] y) {
        h = Transpose<perm = [0,3,1,2]>(image)
        y = Cast<to = 1>(h)
    }"""
    assert unsupported_operators(parse(graph), '8.5') == []
    assert unsupported_operators(parse(graph), '8.2') == [
        'type UINT8: TensorRT 8.2 has none (8.5 has, for inputs and outputs of the '
        'model) (1 place: image)'
    ]
    assert unsupported_operators(parse(inside), '10.1') == [
        'type UINT8: TensorRT 10.1 has none but for inputs and outputs of the model, '
        'next to a Cast (2 places: h)'
    ]


def test_bfloat16_came_with_version_10():
    graph = 'net (bfloat16[4] x) => (bfloat16[4] y) { y = Relu(x) }'
    assert unsupported_operators(parse(graph), '10.1') == []
    assert unsupported_operators(parse(graph), '8.6') == [
        'type BFLOAT16: TensorRT 8.6 has none (2 places: x)'
    ]


def test_a_file_as_well_as_a_model(tmp_path):
    path = tmp_path / 'end2end.onnx'
    onnx.save(parse(GRID_SAMPLE, 16), path)
    assert len(unsupported_operators(path, '8.2')) == 2
    assert unsupported_operators(str(path), '8.5') == []


def test_unknown_version():
    with pytest.raises(ValueError, match='TensorRT 7.1: expected one of the versions'):
        unsupported_operators(parse(CONVOLUTION), '7.1')


def test_the_table_speaks_of_operators_of_onnx():
    names = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    # Early names that the parser still takes; ONNX dropped them.
    old = {'ImageScaler', 'ParametricSoftplus', 'ScaledTanh'}
    assert set(_operators()) <= names | old
    assert {each.since for each in _operators().values()} == set(MAX_OPSET)
    for operator in _operators().values():
        assert (operator.since == '8.2') == bool(operator.types)
