"""The peers: how each is started, and what holds it to AVX2. Environments are made on first use by tests/engines/environments.py."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), "tests", "engines"))
import environments  # noqa: E402


class Absent(Exception):
    """A peer that cannot take part here; the text says why."""


class Peer:
    def __init__(self, name, title, script=None, environment=None, folder=None, program=None, avx2=None, one_thread=False, missing="",
                 from_python=False):
        self.name, self.title, self.script, self.environment, self.folder = name, title, script, environment, folder
        self.program, self.avx2, self.one_thread, self.missing, self.from_python = program, avx2, one_thread, missing, from_python

    def command(self, build, pythons):
        """Raises Absent."""
        if self.program:
            path = os.path.join(build, "bin", self.program)
            if not os.access(path, os.X_OK):
                raise Absent(self.missing)
            return [path]
        python = pythons.get(self.name)
        if python is None:
            try:
                python = environments.environment(self.environment, folder=self.folder or environments.HERE)
            except environments.SetupError as error:
                raise Absent(f"its environment cannot be made: {str(error).strip().splitlines()[-1][:200]}") from None
        return [python, os.path.join(HERE, self.script)]


# avx2: environment variables that hold the peer to AVX2; None: it has no such switch.
PEERS = [
    Peer("onednn", "oneDNN", program="tenon_bench_onednn", avx2={"ONEDNN_MAX_CPU_ISA": "AVX2"},
         missing="not built: install libdnnl-dev, configure again and build tenon_bench_onednn"),
    Peer("ggml", "ggml", program="tenon_bench_ggml", missing="not built: ggml's headers and library are not installed"),
    Peer("onnxruntime", "ONNX Runtime", "peer_onnxruntime.py", "onnxruntime", HERE, from_python=True),
    Peer("xla", "XLA (JAX)", "peer_xla.py", "xla", from_python=True, avx2={"XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}),
    Peer("torch", "PyTorch", "peer_torch.py", "torch", HERE, from_python=True,
         avx2={"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}),
    Peer("iree", "IREE", "peer_iree.py", "iree", avx2={"TENON_BENCH_IREE_CPU": "--iree-llvmcpu-target-cpu=haswell"}),
    Peer("numpy", "NumPy", "peer_numpy.py", "xla", one_thread=True, from_python=True,
         avx2={"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}),
]
NAMES = [peer.name for peer in PEERS]


def find(name):
    return next(peer for peer in PEERS if peer.name == name)
