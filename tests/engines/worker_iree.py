"""IREE: iree-compile's library (llvm-cpu for this machine) and the runtime, through their Python packages."""
import ctypes
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tensors import DTYPES, SUB_BYTE, TENON_NAME, read_npy, save_outputs
from worker_common import Problem, parse_stage, read_text, serve

import iree.compiler.api as api
import iree.compiler.api.ctypes_dl as dl
import iree.runtime as rt
import numpy as np

FLAGS = [
    "--iree-input-type=stablehlo",
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
    "--iree-input-demote-f64-to-f32=false",  # the default turns f64 into f32, in main's signature too
]
CONFIG = rt.Config("local-sync")


class Diagnostics:
    """Collects what C++ writes to descriptor 2, the compiler's only channel for diagnostics."""

    def __enter__(self):
        self.file = tempfile.TemporaryFile()
        sys.stderr.flush()
        self.saved = os.dup(2)
        os.dup2(self.file.fileno(), 2)
        return self

    def __exit__(self, *_):
        sys.stderr.flush()
        os.dup2(self.saved, 2)
        os.close(self.saved)
        self.file.seek(0)
        text = self.file.read().decode("utf-8", "replace")
        self.file.close()
        sys.stderr.write(text)
        sys.stderr.flush()
        errors = [line for line in text.splitlines() if "error:" in line]  # notes carry the whole module
        self.text = "\n".join(errors) or text


def set_phase(invocation, phase):
    """Compiles up to this phase only; the call is not in the Python API."""
    function = dl._dylib.ireeCompilerInvocationSetCompileToPhase
    function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_char_p], None  # returns nothing
    function(invocation._inv_p, phase.encode())


def compile_module(data, phase=None):
    """The module's bytes for the runtime; None if compilation is to end at `phase`."""
    session = api.Session()
    session.set_flags(*FLAGS)
    invocation = session.invocation()
    invocation.enable_console_diagnostics()
    source = api.Source.wrap_buffer(session, data + b"\0", buffer_name="module.mlir")
    with Diagnostics() as parsing:
        parsed = invocation.parse_source(source)
    if not parsed:
        raise Problem("rejected", parse_stage(parsing.text), parsing.text)
    if phase:
        set_phase(invocation, phase)
    with Diagnostics() as compiling:
        done = invocation.execute()
    if not done:
        raise Problem("unsupported", "compile", compiling.text)
    if phase:
        return None
    output = api.Output.open_membuffer()
    invocation.output_vm_bytecode(output)
    code = bytes(output.map_memory())
    output.close(), invocation.close(), session.close()
    return code


def signature(function):
    """Argument and result types as (shape, StableHLO element type), by reflection. Unsigned types stand in an encoding beside a signless
    one."""
    declaration = function.reflection.get("iree.abi.declaration", "")
    one = r"(?:%\w+: )tensor<([^{}()]*?)>(?= *[{,)]|$)(?: \{[^{}]*?iree\.abi\.encoding = tensor<([^{}()]*?)>[^{}]*\})?"
    left, _, right = declaration.partition(") -> (")

    def types(text):
        found = []
        for plain, encoded in re.findall(one, text):
            *dims, element = (encoded or plain).split("x")
            found.append(([None if d == "?" else int(d) for d in dims], element))
        return found

    return types(left.split("(", 1)[-1] + ")"), types(right)


def parameters(pairs):
    """A runtime module that serves `pairs` of scope and file; the file's extension says its format."""
    providers = []
    for scope, path in pairs:
        index = rt.ParameterIndex()
        index.load(path)
        providers.append(index.create_provider(scope=scope))
    return [rt.create_io_parameters_module(CONFIG.vm_instance, *providers)] if providers else []


def run(request):
    code = compile_module(read_text(request))
    try:
        context = rt.SystemContext(config=CONFIG)
        module = rt.VmModule.copy_buffer(CONFIG.vm_instance, code)
        context.add_vm_modules(parameters(request.get("params", [])) + [module])  # parameters first
    except Exception as error:
        raise Problem("failed", "run", error)
    function = module.lookup_function("main")
    if function is None:
        raise Problem("failed", "run", "the module has no function @main")
    arguments, results = signature(function)
    narrow = [element for _, element in arguments + results if TENON_NAME[element] in SUB_BYTE]
    if narrow:
        raise Problem("unsupported", "run", f"IREE's runtime passes no {narrow[0]}")
    answer = {}
    for one in request.get("runs", [request]):
        answer = run_once(context, function, arguments, results, one)
    return answer


def run_once(context, function, arguments, results, one):
    if len(one["inputs"]) != len(arguments):
        raise Problem("failed", "run", f"@main takes {len(arguments)} arguments, {len(one['inputs'])} were given")
    arrays = [read_npy(path, TENON_NAME[element], None if None in shape else shape)
              for path, (shape, element) in zip(one["inputs"], arguments)]
    try:
        values = rt.FunctionInvoker(context.vm_context, CONFIG.device, function)(*arrays)
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        values = [np.array(value.to_host()) for value in values]
    except Exception as error:
        raise Problem("failed", "run", error)
    outputs = []
    for value, (_, element) in zip(values, results):
        want = DTYPES[TENON_NAME[element]]
        if value.dtype != want and value.dtype.itemsize != want.itemsize:
            raise Problem("failed", "run", f"a result is {element}, the runtime hands out {value.dtype}")
        outputs.append((value.view(want), element))
    return {"outputs": save_outputs(one["outputs"], outputs)}


def check(request):
    """Parses and verifies, then converts the input dialects: there IREE refuses operations that it cannot take."""
    compile_module(read_text(request), phase="input")
    return {}


serve({"run": run, "check": check})
