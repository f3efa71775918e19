# Copyright (c) mmacnn authors. All rights reserved.
"""A network in TensorRT, 8.2 and later, with buffers of its own."""

import os

import numpy as np

from .cuda import Buffer, Cuda, Stream
from .errors import UserError


class _NamedTensors:
    """TensorRT from 8.5 on: tensors are known by name."""

    def __init__(self, trt, engine, context):
        self._engine, self._context = engine, context
        self._input_mode = trt.TensorIOMode.INPUT
        self.names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]

    def is_input(self, name):
        return self._engine.get_tensor_mode(name) == self._input_mode

    def dtype(self, name):
        return self._engine.get_tensor_dtype(name)

    def engine_shape(self, name):
        return tuple(self._engine.get_tensor_shape(name))

    def shape(self, name):
        return tuple(self._context.get_tensor_shape(name))

    def set_shape(self, name, shape):
        return self._context.set_input_shape(name, shape)

    def max_batch(self, name):
        return self._engine.get_tensor_profile_shape(name, 0)[2][0]

    def execute(self, addresses, stream):
        for name, address in addresses.items():
            self._context.set_tensor_address(name, address)
        return self._context.execute_async_v3(stream)


class _NumberedTensors:
    """TensorRT up to 9: tensors are known by number, and are called bindings."""

    def __init__(self, engine, context):
        self._engine, self._context = engine, context
        self.names = [engine.get_binding_name(i) for i in range(engine.num_bindings)]

    def is_input(self, name):
        return self._engine.binding_is_input(self.names.index(name))

    def dtype(self, name):
        return self._engine.get_binding_dtype(self.names.index(name))

    def engine_shape(self, name):
        return tuple(self._engine.get_binding_shape(self.names.index(name)))

    def shape(self, name):
        return tuple(self._context.get_binding_shape(self.names.index(name)))

    def set_shape(self, name, shape):
        return self._context.set_binding_shape(self.names.index(name), shape)

    def max_batch(self, name):
        return self._engine.get_profile_shape(0, self.names.index(name))[2][0]

    def execute(self, addresses, stream):
        bindings = [addresses[name] for name in self.names]
        return self._context.execute_async_v2(bindings, stream)


class TensorRTBackend:
    """Runs the engine of a model folder.

    Args:
        folder (ModelFolder): the model.

    Raises:
        UserError: TensorRT, CUDA or the engine is missing, or the engine is of another
            TensorRT, another GPU or another model.
    """

    def __init__(self, folder):
        trt, logger = _import_tensorrt()
        # TensorRT needs logger and engine as long as the context lives.
        self._logger = logger
        self._engine = _load_engine(trt, logger, folder)
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise UserError(
                f'{folder.engine}: TensorRT cannot run it: {logger.last_error}'
            )
        if hasattr(self._engine, 'num_io_tensors'):
            self._tensors = _NamedTensors(trt, self._engine, self._context)
        else:
            self._tensors = _NumberedTensors(self._engine, self._context)
        self._folder, self._buffers, self._shape = folder, {}, None
        self._outputs = [
            name for name in self._tensors.names if not self._tensors.is_input(name)
        ]
        _check_input(self._tensors, folder)
        folder.check_outputs(folder.engine, self._outputs)
        self._taken = self._tensors.engine_shape(folder.input.name)  # -1 where open
        self.max_batch = self._taken[0]
        if self.max_batch == -1:
            self.max_batch = self._tensors.max_batch(folder.input.name)
        self._numpy_types = {
            name: _numpy_type(trt, self._tensors.dtype(name))
            for name in self._tensors.names
        }
        self._cuda = Cuda()
        self._stream = Stream(self._cuda)

    def run(self, array):
        """Network input -> outputs by name. The next run overwrites them."""
        if array.shape != self._shape:
            self._allocate(array.shape)
        given = self._buffers[self._folder.input.name]
        np.copyto(given.array, array)
        given.upload(self._stream)
        addresses = {name: buffer.device for name, buffer in self._buffers.items()}
        if not self._tensors.execute(addresses, self._stream.handle):
            raise UserError('TensorRT: the network did not run')
        for name in self._outputs:
            self._buffers[name].download(self._stream)
        self._stream.wait()
        return {name: self._buffers[name].array for name in self._outputs}

    def _allocate(self, shape):
        """Buffers for inputs of a shape, and the outputs that belong to it."""
        self._free()
        name, engine = self._folder.input.name, self._folder.engine
        is_taken = self._taken == shape
        if -1 in self._taken:
            is_taken = self._tensors.set_shape(name, shape)
        if not is_taken:
            raise UserError(
                f'{engine}: takes no input of {shape}, which the frame became; build '
                f'it for that: {_build_command(self._folder)}'
            )
        for each in self._tensors.names:
            found = self._tensors.shape(each)
            if -1 in found:
                raise UserError(
                    f'{engine}: the size of the output {each} is {found}, it depends '
                    'on the image; expected one of a fixed size'
                )
            dtype = self._numpy_types[each]
            self._buffers[each] = Buffer(self._cuda, found, dtype)
        self._shape = shape

    def _free(self):
        for buffer in self._buffers.values():
            buffer.close()
        self._buffers, self._shape = {}, None

    def close(self):
        self._free()
        self._stream.close()
        self._tensors = self._context = self._engine = None


def _check_input(tensors, folder):
    """Refuse the engine of another model."""
    inputs = [name for name in tensors.names if tensors.is_input(name)]
    shapes = {name: tensors.engine_shape(name) for name in inputs}
    expected = folder.input.shape
    shape = shapes.get(folder.input.name, ())
    fits = len(inputs) == 1 and len(shape) == len(expected)
    # -1 and None are sides that are open.
    fits = fits and all(
        size is None or found in (-1, size) for found, size in zip(shape, expected)
    )
    if not fits:
        raise UserError(
            f'{folder.engine}: found an engine for {shapes}, expected one input '
            f'{folder.input.name} of {expected}; build it again: '
            f'{_build_command(folder)}'
        )


def _import_tensorrt():
    """TensorRT, and a logger that keeps the last error for the user."""
    try:
        import tensorrt
    except ImportError as error:
        raise UserError(
            f"TensorRT's Python package cannot be imported ({error}); JetPack has it: "
            'sudo apt install python3-libnvinfer'
        ) from None
    severities = tensorrt.ILogger.Severity

    class Logger(tensorrt.ILogger):
        def __init__(self):
            tensorrt.ILogger.__init__(self)
            self.last_error = 'no reason given'

        def log(self, severity, message):
            if severity in (severities.ERROR, severities.INTERNAL_ERROR):
                self.last_error = ' '.join(message.split())

    return tensorrt, Logger()


def _load_engine(trt, logger, folder):
    if not os.path.isfile(folder.engine):
        raise UserError(
            f'{folder.engine}: no such engine; build it on this machine: '
            f'{_build_command(folder)}'
        )
    with open(folder.engine, 'rb') as file:
        engine = trt.Runtime(logger).deserialize_cuda_engine(file.read())
    if engine is None:
        raise UserError(
            f'{folder.engine}: TensorRT {trt.__version__} of this machine cannot load '
            f'it ({logger.last_error}); build it here: {_build_command(folder)}'
        )
    return engine


def _build_command(folder):
    return 'sh {}'.format(os.path.join(folder.path, 'build_engine.sh'))


def _numpy_type(trt, dtype):
    """TensorRT's own ``nptype`` fails with newer releases of numpy."""
    names = ('float32', 'float16', 'int8', 'int32', 'int64', 'uint8')
    types = {getattr(trt, name): name for name in names if hasattr(trt, name)}
    return np.dtype(types.get(dtype, np.bool_))
