"""What this Python, its PyTorch and its TiRex say of the GPU. Standard library alone; nothing of it need be there.

Arguments: the mark that goes before each line of ours, the seconds all of it may take, "download" or "-".
Prints one line of JSON for each part, after the part is done. The parts run in a child, so that one that crashes, hangs
or ends Python leaves the answers before it, and its end is told by the last line. What libraries print never reaches our
output; the end of it is told where the child did not come to its own end.
"""

import json
import math
import os
import select
import signal
import sys
import time

WEIGHTS = "models--NX-AI--TiRex"
MODEL = "NX-AI/TiRex"
SIZE = 512
LONGEST_LINE = 65536


def main():
    mark, seconds, download = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "download"
    records_in, records_out = os.pipe()
    noise_in, noise_out = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(noise_out, 1)
            os.dup2(noise_out, 2)
            for end in (records_in, noise_in, noise_out):
                os.close(end)
            ask_all(Records(records_out), download)
            code = 0
        finally:
            # Nothing that libraries left for the end is waited for.
            os._exit(code)
    os.close(records_out)
    os.close(noise_out)
    Watch(mark, child, records_in, noise_in, seconds).follow()


# --- beside the child ---


class Watch:
    """Passes on the child's records, and tells how it ended."""

    def __init__(self, mark, child, records, noise, seconds):
        self.mark = mark.encode() + b" "
        self.child = child
        self.records = records
        self.noise = noise
        self.until = time.time() + seconds
        self.part_seconds = seconds / 2.0
        self.part_until = self.until
        self.part = "start"
        self.rest = b""
        self.said = b""

    def follow(self):
        end = self.wait()
        self.kill()
        if end is None:
            os.waitpid(self.child, 0)
        self.read(self.records)
        end = end or {"how": "late"}
        end.update(part="end", during=self.part, said=last_lines(self.said))
        self.tell(json.dumps(end).encode())

    def wait(self):
        """The child's end, or None when it took too long."""
        for pipe in (self.records, self.noise):
            os.set_blocking(pipe, False)
        while True:
            left = min(self.until, self.part_until) - time.time()
            if left <= 0:
                return None
            pid, status = os.waitpid(self.child, os.WNOHANG)
            if pid:
                self.read(self.noise)
                if os.WIFSIGNALED(status):
                    return {"how": "signal", "code": os.WTERMSIG(status)}
                return {"how": "exit", "code": os.WEXITSTATUS(status)}
            ready = select.select([self.records, self.noise], [], [], min(left, 0.05))[0]
            for pipe in ready:
                self.read(pipe, 1)

    def read(self, pipe, times=1024):
        """What has come, at most `times` pieces of it: a flood on one pipe must not hold up the other."""
        for _ in range(times):
            try:
                data = os.read(pipe, 65536)
            except OSError:
                return
            if not data:
                # Its end came: there is no more to wait for here than the child itself.
                time.sleep(0.01)
                return
            if pipe == self.noise:
                self.said = (self.said + data)[-4096:]
            else:
                self.take(data)

    def take(self, data):
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()[:LONGEST_LINE]
        for line in lines:
            begun = line[6:] if line.startswith(b"begin ") else None
            if begun is None:
                self.tell(line)
                continue
            self.part = begun.decode()
            # TiRex may have to compile its kernels: it gets all that is left.
            self.part_until = self.until if self.part == "tirex" else time.time() + self.part_seconds

    def tell(self, line):
        try:
            os.write(1, self.mark + line[:LONGEST_LINE] + b"\n")
        except OSError:
            self.kill()
            os._exit(1)

    def kill(self):
        """The child, and what it started: that belongs to its group, and would go on."""
        for kill in (os.killpg, os.kill):
            try:
                kill(self.child, signal.SIGKILL)
            except OSError:
                pass


def last_lines(data):
    lines = [line.strip() for line in data.decode("utf-8", "replace").replace("\r", "\n").split("\n")]
    return " ".join([line for line in lines if line][-2:])[-400:]


# --- in the child ---


class Records:
    """Where the answers go."""

    def __init__(self, pipe):
        self.pipe = pipe

    def write(self, text):
        data = (text + "\n").encode()
        while data:
            data = data[os.write(self.pipe, data) :]

    def begin(self, part):
        self.write("begin " + part)

    def tell(self, part, **answer):
        self.write(json.dumps(dict(answer, part=part), allow_nan=False))


def ask_all(records, download):
    import platform

    records.tell("python", path=text(sys.executable), version=platform.python_version())
    torch = attempt(records, "torch", ask_torch)
    device = "cpu"
    if torch is not None and torch.cuda.is_available():
        attempt(records, "devices", ask_devices, torch)
        if attempt(records, "multiply", ask_multiply, torch):
            device = "cuda:0"
    if torch is not None:
        attempt(records, "tirex", ask_tirex, torch, device, download)


def attempt(records, part, ask, *arguments):
    """Whatever goes wrong in one part is its answer."""
    records.begin(part)
    try:
        return ask(records, *arguments)
    except BaseException as error:  # also SystemExit, which some modules end their import with
        records.tell(part, error=text("%s: %s" % (type(error).__name__, error)))
        return None


def text(value):
    return str(value)[:2000]


def is_installed(name):
    import importlib.util

    return importlib.util.find_spec(name) is not None


def ask_torch(records):
    if not is_installed("torch"):
        records.tell("torch", missing=True)
        return None
    import torch

    cuda, hip = getattr(torch.version, "cuda", None), getattr(torch.version, "hip", None)
    available = bool(torch.cuda.is_available())
    records.tell(
        "torch",
        version=text(torch.__version__),
        cuda=cuda and text(cuda),
        hip=hip and text(hip),
        available=available,
        archs=[text(arch) for arch in torch.cuda.get_arch_list()[:100]] if available else [],
        reason=None if available or not (cuda or hip) else why_not(torch),
        hidden=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )
    return torch


def why_not(torch):
    """`is_available` hides the reason; making it ready says it."""
    try:
        torch.cuda.init()
    except Exception as error:
        return text(error)
    return None


def ask_devices(records, torch):
    devices = []
    for index in range(min(torch.cuda.device_count(), 64)):
        about = torch.cuda.get_device_properties(index)
        try:
            free = torch.cuda.mem_get_info(index)[0]
        except Exception:
            free = None
        devices.append(
            {
                "index": index,
                "name": text(about.name)[:200],
                "capability": "%d.%d" % tuple(torch.cuda.get_device_capability(index)),
                "total": about.total_memory,
                "free": free,
            }
        )
    records.tell("devices", devices=devices)


def ask_multiply(records, torch):
    # TF32 has too few digits to tell a card that computes wrongly.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(0)
    one, other = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    right = one.double() @ other.double()
    one, other = one.to("cuda:0"), other.to("cuda:0")
    # The first one also loads the libraries.
    (one @ other).cpu()
    torch.cuda.synchronize()
    begun = time.time()
    found = one @ other
    torch.cuda.synchronize()
    took = (time.time() - begun) * 1000
    error = float((found.cpu().double() - right).abs().max() / right.abs().max())
    agrees = math.isfinite(error) and error < 1e-4
    records.tell("multiply", agrees=agrees, error=error if math.isfinite(error) else None, ms=took)
    return agrees


def ask_tirex(records, torch, device, download):
    if not is_installed("tirex"):
        records.tell("tirex", missing=True)
        return
    weights = has_weights()
    # Both are read when the packages are imported.
    if not download:
        os.environ["HF_HUB_OFFLINE"] = "1"
    if device == "cpu":
        os.environ["TIREX_NO_CUDA"] = "1"
    import tirex

    version = tirex_version(tirex)
    # Told before the forecast, which may crash.
    records.tell("tirex", version=version, weights=weights, forecast=None)
    if not (weights or download):
        return
    model = tirex.load_model(MODEL, device=device)
    series = torch.tensor([[math.sin(step / 4.0) + step / 50.0 for step in range(128)]])
    model.forecast(context=series, prediction_length=16)
    begun = time.time()
    found = model.forecast(context=series, prediction_length=16)
    took = (time.time() - begun) * 1000
    values = list(numbers(found))
    finite = len(values) > 0 and all(math.isfinite(value) for value in values)
    forecast = {"finite": finite, "ms": took, "device": device}
    records.tell("tirex", version=version, weights=True, forecast=forecast)


def tirex_version(tirex):
    try:
        from importlib.metadata import version

        return text(version("tirex-ts"))
    except Exception:
        return text(getattr(tirex, "__version__", "unknown"))


def has_weights():
    """Whether they lie in Hugging Face's cache, by its own rules of where that is."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    home = os.environ.get("HF_HOME") or os.path.join(base, "huggingface")
    cache = (
        os.environ.get("HF_HUB_CACHE")
        or os.environ.get("HUGGINGFACE_HUB_CACHE")
        or os.path.join(home, "hub")
    )
    snapshots = os.path.join(os.path.expanduser(cache), WEIGHTS, "snapshots")
    try:
        versions = os.listdir(snapshots)
    except OSError:
        return False
    return any(os.path.isfile(os.path.join(snapshots, version, "model.ckpt")) for version in versions)


def numbers(found):
    """All numbers of tensors, arrays and lists in each other."""
    if hasattr(found, "tolist"):
        found = found.tolist()
    if isinstance(found, (list, tuple)):
        for each in found:
            for value in numbers(each):
                yield value
    else:
        yield float(found)


main()
