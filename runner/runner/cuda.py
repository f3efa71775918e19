# Copyright (c) mmacnn authors. All rights reserved.
"""The few calls of CUDA's runtime that inference needs, through ctypes.

JetPack carries libcudart but neither pycuda nor cuda-python.
"""

import ctypes

import numpy as np

from .errors import UserError

LIBRARIES = (
    'libcudart.so',
    'libcudart.so.10.2',  # JetPack 4.6
    'libcudart.so.11.0',  # JetPack 5
    'libcudart.so.12',  # JetPack 6
    '/usr/local/cuda/lib64/libcudart.so',
)
HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2


class Cuda:
    """CUDA's runtime library.

    Raises:
        UserError: it is not there.
    """

    def __init__(self):
        for name in LIBRARIES:
            try:
                self._library = ctypes.CDLL(name)
                break
            except OSError:
                continue
        else:
            raise UserError(
                'CUDA: none of {} found: is this a Jetson, and is '
                '/usr/local/cuda/lib64 in LD_LIBRARY_PATH?'.format(', '.join(LIBRARIES))
            )
        self._library.cudaGetErrorString.restype = ctypes.c_char_p

    def call(self, function, *arguments):
        """Call a function of the library.

        Raises:
            UserError: it failed, with CUDA's own message.
        """
        status = getattr(self._library, function)(*arguments)
        if status != 0:
            reason = self._library.cudaGetErrorString(status).decode()
            raise UserError(f'CUDA: {function} failed: {reason}')


class Stream:
    """A queue of work on the GPU; ``handle`` is what TensorRT takes."""

    def __init__(self, cuda):
        self._cuda = cuda
        self._pointer = ctypes.c_void_p()
        cuda.call('cudaStreamCreate', ctypes.byref(self._pointer))

    @property
    def handle(self):
        return self._pointer.value

    def copy(self, target, source, size, kind):
        """Copy ``size`` bytes from address to address, after what is queued."""
        self._cuda.call(
            'cudaMemcpyAsync',
            ctypes.c_void_p(target),
            ctypes.c_void_p(source),
            ctypes.c_size_t(size),
            ctypes.c_int(kind),
            self._pointer,
        )

    def wait(self):
        """Wait until all that is queued is done."""
        self._cuda.call('cudaStreamSynchronize', self._pointer)

    def close(self):
        self._cuda.call('cudaStreamDestroy', self._pointer)


class Buffer:
    """Memory of one tensor, on the GPU and page-locked on the host.

    Args:
        cuda (Cuda): the library.
        shape (tuple): of the tensor.
        dtype (np.dtype): of its elements.
    """

    def __init__(self, cuda, shape, dtype):
        self._cuda = cuda
        self.size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self._device, self._host = ctypes.c_void_p(), ctypes.c_void_p()
        size = ctypes.c_size_t(self.size)
        cuda.call('cudaMalloc', ctypes.byref(self._device), size)
        cuda.call('cudaMallocHost', ctypes.byref(self._host), size)
        memory = (ctypes.c_byte * self.size).from_address(self._host.value)
        self.array = np.frombuffer(memory, dtype=dtype).reshape(shape)

    @property
    def device(self):
        """Address on the GPU."""
        return self._device.value

    def upload(self, stream):
        stream.copy(self._device.value, self._host.value, self.size, HOST_TO_DEVICE)

    def download(self, stream):
        stream.copy(self._host.value, self._device.value, self.size, DEVICE_TO_HOST)

    def close(self):
        self.array = None
        self._cuda.call('cudaFree', self._device)
        self._cuda.call('cudaFreeHost', self._host)
