"""Stands in for PyTorch. STAND_IN_TORCH chooses what it does:

cpu           a build for the CPU only
good          sees one H100 and computes rightly
newer         a build for a newer CUDA than the driver's, which works
old           the driver is too old for it
mismatch      the driver and its library do not fit
hidden        CUDA_VISIBLE_DEVICES hides every card
no-code       no code for the card, told by its list and by the multiplication
wrong         the card computes something else; nan: no numbers
lost          the card is lost while it multiplies
no-library    a library of it is missing
exit, end     its import ends Python by an exception, or at once
segfault      its import crashes; late-segfault: the multiplication does
stubborn      its import never ends, hears no request to end, and has started another program
hang          its import never ends; c-hang: in code that hears no signal; multiply-hang: later
flood         prints 64 MB on both outputs, and lines that look like answers
rubbish       says things of the wrong kind about itself
"""

import ctypes
import os
import sys
import time

_how = os.environ.get("STAND_IN_TORCH", "good")

if _how == "no-library":
    raise ImportError("libcudart.so.12: cannot open shared object file: No such file or directory")
if _how == "exit":
    raise SystemExit("this module ends Python")
if _how == "end":
    print("last words of the module", file=sys.stderr, flush=True)
    os._exit(7)
if _how == "segfault":
    ctypes.string_at(0)
if _how == "stubborn":
    import signal
    import subprocess

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "600"])
if _how in ("hang", "stubborn"):
    while True:
        time.sleep(1)
if _how == "c-hang":
    # The library's own lock is held, so no handler of Python's is ever run.
    ctypes.PyDLL(None).sleep(600)
if _how == "flood":
    for _ in range(1024):
        sys.stdout.write("x" * 32767 + "\n")
        sys.stderr.write("y" * 32767 + "\n")
    print('{"part": "torch", "version": "spoiled"}', flush=True)
    os.write(1, b'hawser-probe {"part": "torch", "version": "spoiled"}\n')

__version__ = "2.9.0+cpu" if _how == "cpu" else "2.9.0+cu128"
if _how == "rubbish":
    __version__ = ["\x1b[31m", "x" * 100000]

_CUDA_ERROR = (
    "CUDA error: no kernel image is available for execution on the device\n"
    "CUDA kernel errors might be asynchronously reported at some other API call."
)


class version:
    cuda = None if _how == "cpu" else "13.0" if _how in ("newer", "old") else "12.8"
    hip = None


class _Properties:
    name = "NVIDIA H100 80GB HBM3"
    total_memory = 85029158912


class cuda:
    @staticmethod
    def is_available():
        return _how not in ("cpu", "old", "mismatch", "hidden")

    @staticmethod
    def init():
        if _how == "old":
            raise RuntimeError(
                "The NVIDIA driver on your system is too old (found version 12040). Please update your GPU driver"
            )
        if _how == "mismatch":
            raise RuntimeError("Failed to initialize NVML: Driver/library version mismatch")
        if _how == "cpu":
            raise AssertionError("Torch not compiled with CUDA enabled")
        raise RuntimeError("No CUDA GPUs are available")

    @staticmethod
    def get_arch_list():
        return ["sm_50", "sm_80"] if _how == "no-code" else ["sm_80", "sm_90", "compute_90"]

    @staticmethod
    def device_count():
        return 1

    @staticmethod
    def get_device_properties(index):
        return _Properties()

    @staticmethod
    def get_device_capability(index):
        return (9, 0)

    @staticmethod
    def mem_get_info(index):
        return (84000000000, 85029158912)

    @staticmethod
    def synchronize():
        pass


class backends:
    class cuda:
        class matmul:
            allow_tf32 = True


class _Tensor:
    """All its values are one number."""

    def __init__(self, value, device="cpu"):
        self.value = value
        self.device = device

    def to(self, device):
        return _Tensor(self.value, device)

    def cpu(self):
        return _Tensor(self.value)

    def double(self):
        return self

    def abs(self):
        return _Tensor(abs(self.value), self.device)

    def max(self):
        return self

    def __sub__(self, other):
        return _Tensor(self.value - other.value)

    def __truediv__(self, other):
        return _Tensor(self.value / other.value)

    def __float__(self):
        return float(self.value)

    def __matmul__(self, other):
        if self.device == "cpu":
            return _Tensor(100.0)
        if backends.cuda.matmul.allow_tf32:
            return _Tensor(100.1, self.device)
        if _how == "no-code":
            raise RuntimeError(_CUDA_ERROR)
        if _how == "lost":
            raise RuntimeError("CUDA error: unspecified launch failure\nDevice-side assertions are off.")
        if _how == "late-segfault":
            ctypes.string_at(0)
        if _how == "multiply-hang":
            time.sleep(600)
        value = {"wrong": 120.0, "nan": float("nan")}.get(_how, 100.00002)
        return _Tensor(value, self.device)

    def tolist(self):
        return self.value


def manual_seed(seed):
    pass


def randn(*size):
    return _Tensor(10.0)


def tensor(values):
    return _Tensor(values)
