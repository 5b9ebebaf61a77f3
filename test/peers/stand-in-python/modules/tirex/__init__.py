"""Stands in for TiRex (package tirex-ts). STAND_IN_TIREX chooses what it does:

good        makes a forecast, and says on which device
nan         its forecast holds a value that is no number; empty: holds nothing
fails       its model cannot be loaded
broken      its import fails
segfault    its forecast crashes
hang        its forecast never ends
"""

import ctypes
import os
import time

_how = os.environ.get("STAND_IN_TIREX", "good")
__version__ = "1.4.2"

if _how == "broken":
    raise ImportError("cannot import name 'sLSTMCell' from 'xlstm'")

print("tirex prints this while it is imported")


class _Array:
    def __init__(self, values):
        self.values = values

    def tolist(self):
        return self.values


class _Model:
    def forecast(self, context, prediction_length):
        assert len(context.tolist()[0]) >= 32 and prediction_length > 0
        if _how == "segfault":
            ctypes.string_at(0)
        if _how == "hang":
            time.sleep(600)
        value = float("nan") if _how == "nan" else 1.5
        mean = [] if _how == "empty" else [[value] * prediction_length]
        return _Array([]) if _how == "empty" else _Array([[[1.0] * 9] * prediction_length]), _Array(mean)


def load_model(path, device="cuda:0"):
    assert path == "NX-AI/TiRex"
    if _how == "fails":
        raise RuntimeError("Error building extension 'slstm_HS512': ninja is not there\nand more")
    # As the real ones, it looks at these when it is imported and loaded.
    if device == "cpu" and os.environ.get("TIREX_NO_CUDA") != "1":
        raise RuntimeError("the CUDA kernels cannot run on the CPU")
    with open(os.path.join(os.path.expanduser("~"), "loaded"), "a") as note:
        note.write("%s offline=%s\n" % (device, os.environ.get("HF_HUB_OFFLINE", "")))
    return _Model()
