# Copyright (c) mmacnn authors. All rights reserved.
"""The back end's own work, on a TensorRT and a CUDA that are played by others.

No board stands here. ``FakeEngine`` offers the calls of TensorRT 8.2 or of TensorRT 10,
reads and writes the addresses that it is given, and lets ONNX Runtime compute between;
``FakeCuda`` keeps the GPU's memory in the host's.
"""

import ctypes
import sys
from types import SimpleNamespace

import numpy as np
import pytest

PROFILE = 1, 2, 2  # Least, usual and most of a batch that is open.
IMAGE = np.full((12, 24, 3), (250, 20, 10), dtype=np.uint8)
TYPES = {
    'tensor(float)': 'float32',
    'tensor(int32)': 'int32',
    'tensor(uint8)': 'uint8',
    'tensor(int64)': 'int64',
}


class FakeCuda:
    """Counts what is allocated, so that a test can see all of it freed."""

    def __init__(self):
        self.memory = {}

    def call(self, function, *arguments):
        getattr(self, function)(*arguments)

    def cudaMalloc(self, pointer, size):  # noqa: N802, as CUDA calls it
        memory = ctypes.create_string_buffer(size.value)
        pointer._obj.value = ctypes.addressof(memory)
        self.memory[pointer._obj.value] = memory

    cudaMallocHost = cudaMalloc  # noqa: N815

    def cudaFree(self, pointer):  # noqa: N802
        del self.memory[pointer.value]

    cudaFreeHost = cudaFree  # noqa: N815

    def cudaStreamCreate(self, pointer):  # noqa: N802
        pointer._obj.value = 7

    def cudaMemcpyAsync(self, target, source, size, kind, stream):  # noqa: N802
        assert kind.value in (1, 2) and stream.value == 7
        ctypes.memmove(target, source, size.value)

    def cudaStreamSynchronize(self, pointer):  # noqa: N802
        assert pointer.value == 7

    cudaStreamDestroy = cudaStreamSynchronize  # noqa: N815


class Tensors:
    """Engine and context in one: what both TensorRTs have in common."""

    def __init__(self, session):
        self.session = session
        self.inputs, self.outputs = session.get_inputs(), session.get_outputs()
        self.all = (*self.inputs, *self.outputs)
        self.chosen = {}  # name -> shape

    def create_execution_context(self):
        return self

    def _engine_shape(self, tensor):
        return tuple(size if isinstance(size, int) else -1 for size in tensor.shape)

    def _shape(self, tensor):
        shape = self.chosen.get(tensor.name, self._engine_shape(tensor))
        batch = next(iter(self.chosen.values()), shape)[0]
        return (batch, *shape[1:])

    def _array(self, tensor, address):
        shape, dtype = self._shape(tensor), np.dtype(TYPES[tensor.type])
        size = int(np.prod(shape)) * dtype.itemsize
        memory = (ctypes.c_byte * size).from_address(address)
        return np.frombuffer(memory, dtype).reshape(shape)

    def _execute(self, addresses, stream):
        assert stream == 7
        feed = {
            each.name: self._array(each, addresses[each.name]) for each in self.inputs
        }
        values = self.session.run(None, feed)
        for tensor, value in zip(self.outputs, values, strict=True):
            self._array(tensor, addresses[tensor.name])[:] = value
        return True


class Numbered(Tensors):
    """TensorRT 8.2."""

    num_bindings = property(lambda self: len(self.all))

    def get_binding_name(self, index):
        return self.all[index].name

    def binding_is_input(self, index):
        return index < len(self.inputs)

    def get_binding_dtype(self, index):
        return TYPES[self.all[index].type]

    def get_binding_shape(self, index):
        return (self._shape if self.chosen else self._engine_shape)(self.all[index])

    def get_profile_shape(self, profile, index):
        shape = self.get_binding_shape(index)
        return [
            tuple(PROFILE[bound] if side < 0 else side for side in shape)
            for bound in range(3)
        ]

    def set_binding_shape(self, index, shape):
        self.chosen[self.all[index].name] = shape
        return True

    def execute_async_v2(self, bindings, stream):
        names = [each.name for each in self.all]
        return self._execute(dict(zip(names, bindings, strict=True)), stream)


class Named(Tensors):
    """TensorRT 10."""

    num_io_tensors = property(lambda self: len(self.all))

    def _tensor(self, name):
        return next(each for each in self.all if each.name == name)

    def get_tensor_name(self, index):
        return self.all[index].name

    def get_tensor_mode(self, name):
        return 'in' if self._tensor(name) in self.inputs else 'out'

    def get_tensor_dtype(self, name):
        return TYPES[self._tensor(name).type]

    def get_tensor_shape(self, name):
        return (self._shape if self.chosen else self._engine_shape)(self._tensor(name))

    def get_tensor_profile_shape(self, name, profile):
        shape = self.get_tensor_shape(name)
        return [
            tuple(PROFILE[bound] if side < 0 else side for side in shape)
            for bound in range(3)
        ]

    def set_input_shape(self, name, shape):
        self.chosen[name] = shape
        return True

    def set_tensor_address(self, name, address):
        self.addresses = {**getattr(self, 'addresses', {}), name: address}

    def execute_async_v3(self, stream):
        return self._execute(self.addresses, stream)


@pytest.fixture(params=[Numbered, Named])
def cuda(request, monkeypatch):
    """Stand-ins for TensorRT and CUDA; gives CUDA's."""
    from runner import tensorrt_backend

    onnxruntime = pytest.importorskip('onnxruntime', reason='it computes in between')

    class Runtime:
        def __init__(self, logger):
            self.logger = logger

        def deserialize_cuda_engine(self, content):
            if content.startswith(b'engine of another'):
                self.logger.log('error', 'Version tag does not\nmatch')
                return None
            return request.param(onnxruntime.InferenceSession(content))

    tensorrt = SimpleNamespace(
        __version__='8.2.1',
        ILogger=type(
            'ILogger',
            (),
            dict(Severity=SimpleNamespace(ERROR='error', INTERNAL_ERROR='internal')),
        ),
        Runtime=Runtime,
        TensorIOMode=SimpleNamespace(INPUT='in'),
        **{name: name for name in TYPES.values()},
    )
    monkeypatch.setitem(sys.modules, 'tensorrt', tensorrt)
    fake = FakeCuda()
    monkeypatch.setattr(tensorrt_backend, 'Cuda', lambda: fake)
    return fake


def build(folder):
    """What trtexec does: the stand-in's engine is the ONNX file itself."""
    from runner.model_folder import ModelFolder

    model = ModelFolder(folder)
    with open(model.onnx, 'rb') as source, open(model.engine, 'wb') as target:
        target.write(source.read())
    return model


@pytest.mark.parametrize('kind', ['classifier', 'box', 'all', 'cam', 'anomaly map'])
def test_runs_as_onnx_runtime_does(cuda, make_folder, kind):
    from runner.backends import BACKENDS
    from runner.inspection import Inspection

    model = build(make_folder(kind))
    backends = [BACKENDS[name](model) for name in ('tensorrt', 'onnxruntime')]
    for image in (IMAGE, IMAGE[..., ::-1]):
        array = model.input.prepare(np.ascontiguousarray(image)).array
        found, expected = (backend.run(array) for backend in backends)
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])
            assert found[name].dtype == expected[name].dtype
        results = [Inspection(model, each)('a.png', image) for each in backends]
        assert results[0][:7] == results[1][:7]
    backends[0].close()
    assert cuda.memory == {}


def test_batch_of_prompt_regions(cuda, make_folder):
    """As many together as the engine was built for, here two."""
    from runner.backends import BACKENDS
    from runner.inspection import Inspection
    from runner.regions import Regions

    model = build(make_folder('regions'))
    regions = Regions(boxes=[(x, 0, 8, 12) for x in (0, 8, 16)])
    backends = [BACKENDS[name](model) for name in ('tensorrt', 'onnxruntime')]
    assert backends[0].max_batch == 2
    results = [Inspection(model, each, regions)('a.png', IMAGE) for each in backends]
    assert results[0][:7] == results[1][:7]
    assert len(results[0].detections) == 3
    backends[0].close()
    assert cuda.memory == {}


def test_output_whose_size_depends_on_the_image(cuda, make_folder, monkeypatch):
    from runner.backends import BACKENDS
    from runner.errors import UserError

    model = build(make_folder('box'))
    backend = BACKENDS['tensorrt'](model)
    monkeypatch.setattr(Tensors, '_shape', lambda self, tensor: (1, -1, 5))
    backend._tensors._context.chosen['input'] = (1, 3, 6, 8)
    with pytest.raises(UserError, match=r'the size of the .* \(1, -1, 5\), it depends'):
        backend.run(np.zeros((1, 3, 6, 8), np.float32))


def test_an_engine_of_another_version(cuda, make_folder):
    from runner.backends import BACKENDS
    from runner.errors import UserError

    model = build(make_folder('all'))
    with open(model.engine, 'wb') as file:
        file.write(b'engine of another version')
    message = (
        f'^{model.engine}: TensorRT 8.2.1 of this machine cannot load it '
        rf'\(Version tag does not match\); build it here: sh {model.path}/build_engine'
    )
    with pytest.raises(UserError, match=message):
        BACKENDS['tensorrt'](model)


def test_no_engine(cuda, make_folder):
    from runner.backends import BACKENDS
    from runner.errors import UserError
    from runner.model_folder import ModelFolder

    model = ModelFolder(make_folder('all'))
    with pytest.raises(UserError, match='no such engine; build it on this machine: sh'):
        BACKENDS['tensorrt'](model)


def test_an_engine_of_another_model(cuda, make_folder):
    from runner.backends import BACKENDS
    from runner.errors import UserError

    model = build(make_folder('classifier'))
    model.input.shape = (1, 3, 12, 16)
    with pytest.raises(UserError, match='found an engine for .*, expected one input'):
        BACKENDS['tensorrt'](model)


def test_no_cuda(monkeypatch):
    from runner.errors import UserError

    from runner import cuda

    monkeypatch.setattr(cuda, 'LIBRARIES', ('libcudart-of-nobody.so',))
    with pytest.raises(UserError, match='^CUDA: none of libcudart-of-nobody.so found'):
        cuda.Cuda()


def test_a_cuda_call_that_fails():
    from runner.cuda import Cuda
    from runner.errors import UserError

    class Library:
        def cudaGetErrorString(self, status):  # noqa: N802
            return {2: b'out of memory'}[status]

        def cudaMalloc(self, pointer, size):  # noqa: N802
            return 2

    cuda = object.__new__(Cuda)
    cuda._library = Library()
    with pytest.raises(UserError, match='^CUDA: cudaMalloc failed: out of memory$'):
        cuda.call('cudaMalloc', None, 1)
