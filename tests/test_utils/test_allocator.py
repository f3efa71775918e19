"""What is freed stays with the process."""

import subprocess
import sys

import pytest

from mmacnn.utils import allocator

FAULTS = """
import ctypes, resource, runpy, sys
if sys.argv[2] == 'keep':
    runpy.run_path(sys.argv[1])['keep_freed_memory']()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
for _ in range(10):
    block = ctypes.c_void_p(libc.malloc(2**26))
    ctypes.memset(block, 1, 2**26)
    libc.free(block)
print(faults() - before)
"""


@pytest.mark.skipif(
    not allocator.keep_freed_memory(), reason='not the allocator of glibc'
)
def test_freed_memory_is_not_asked_for_again():
    def run(mode):
        command = [sys.executable, '-S', '-c', FAULTS, allocator.__file__, mode]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    assert run('keep') < 0.5 * run('leave')
