"""XLA:CPU (engine "xla") and StableHLO's reference interpreter (engine "stablehlo"), both through jaxlib.

The calls are private to JAX: they fit the pinned version only.
"""
import io
import os
import re
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tensors import DTYPES, SUB_BYTE, TENON_NAME, read_npy, save_outputs
from worker_common import Problem, parse_stage, read_text, serve

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)  # else device_put narrows f64 and i64
from jax._src import compiler, xla_bridge
from jax._src.interpreters import mlir as jax_mlir
from jaxlib.mlir import ir
from jaxlib._jax.mlir import refine_polymorphic_shapes
from jaxlib.mlir.dialects import stablehlo

BACKEND = xla_bridge.get_backend("cpu")
DEVICE = BACKEND.local_devices()[0]


def parse(data):
    try:
        module = ir.Module.parse(data.decode("utf-8"))
        module.operation.verify()
        return module
    except (ir.MLIRError, ValueError) as error:
        text = re.sub(r"^Unable to parse module assembly:?\s*", "", str(error)).strip()
        raise Problem("rejected", parse_stage(text), text)


def main_function(module):
    for op in module.body.operations:
        if op.operation.name == "func.func" and ir.StringAttr(op.attributes["sym_name"]).value == "main":
            return op
    raise Problem("failed", "run", "the module has no function @main")


def signature(module):
    """(shape, StableHLO element type) of each argument and of each result; a size that is not known is None."""
    type_ = ir.FunctionType(main_function(module).type)
    sizes = lambda t: [None if t.is_dynamic_dim(i) else t.get_dim_size(i) for i in range(t.rank)]
    return [[(sizes(t), str(t.element_type)) for t in types] for types in (type_.inputs, type_.results)]


def refine(module, arrays):
    """The module with the arguments' `?` replaced by the arrays' sizes, and whatever follows from them: XLA compiles nothing dynamic."""
    main = main_function(module)
    block = main.regions[0].blocks[0]
    for argument, array in zip(block.arguments, arrays):
        argument.set_type(ir.RankedTensorType.get(list(array.shape), argument.type.element_type))
    results = [value.type for value in block.operations[len(block.operations) - 1].operands]  # an argument may be returned as it is
    main.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get([a.type for a in block.arguments], results))
    code = io.BytesIO()
    module.operation.write_bytecode(code)
    try:
        return ir.Module.parse(refine_polymorphic_shapes(code.getvalue()))
    except Exception as error:
        raise Problem("unsupported", "compile", f"refine_polymorphic_shapes: {error}")


def run_xla(text, module, arrays):
    del module
    options = compiler.get_compile_options(num_replicas=1, num_partitions=1)
    try:
        executable = BACKEND.compile_and_load(text, [DEVICE], options)
    except Exception as error:
        raise Problem("rejected" if "Failed to parse" in str(error) else "unsupported", "compile", error)
    try:
        results = executable.execute_sharded([jax.device_put(array, DEVICE) for array in arrays])
        return [np.asarray(result[0]) for result in results.disassemble_into_single_device_arrays()]
    except Exception as error:
        raise Problem("failed", "run", error)


def tensor_text(shape, element):
    return "tensor<" + "".join(f"{d}x" for d in shape) + element + ">"


def expose(module):
    """Wraps @main in one that hands out bits where jaxlib cannot read a result: 16- and 8-bit floats as integers, 4-bit as 8-bit ones."""
    arguments, results = signature(module)
    main = main_function(module)
    ir.SymbolTable.replace_all_symbol_uses("main", "tested", module.operation)
    ir.SymbolTable.set_symbol_name(main, "tested")
    main.attributes["sym_visibility"] = ir.StringAttr.get("private")
    parameters = ", ".join(f"%a{i}: {tensor_text(*t)}" for i, t in enumerate(arguments))
    inputs = ", ".join(tensor_text(*t) for t in arguments)
    outputs = ", ".join(tensor_text(*t) for t in results)
    lines, types = [], []
    for i, (shape, element) in enumerate(results):
        name, kind, wire = TENON_NAME[element], "bitcast_convert", element
        if name in SUB_BYTE:
            kind, wire = "convert", "i8" if name[0] == "i" else "ui8"
        elif name == "bf16" or name.startswith("f8"):
            wire = f"ui{8 * DTYPES[name].itemsize}"
        types.append(tensor_text(shape, wire))
        value = f"%r#{i}" if len(results) > 1 else "%r"
        lines.append(f"%o{i} = stablehlo.{kind} {value} : ({tensor_text(shape, element)}) -> {types[-1]}")
    count = f":{len(results)}" if len(results) > 1 else ""
    wrapper = ir.Module.parse(
        f"func.func private @tested({inputs}) -> ({outputs})\n"
        f"func.func public @main({parameters}) -> ({', '.join(types)}) {{\n"
        f"%r{count} = call @tested({', '.join(f'%a{i}' for i in range(len(arguments)))}) : ({inputs}) -> ({outputs})\n"
        + "\n".join(lines) + f"\nreturn {', '.join(f'%o{i}' for i in range(len(results)))} : {', '.join(types)}\n}}")
    main_function(wrapper).operation.clone(ir.InsertionPoint(module.body))
    return results


def to_attribute(array, element):
    stored = array.astype(SUB_BYTE[TENON_NAME[element]]) if TENON_NAME[element] in SUB_BYTE else array
    text = f'dense<"0x{stored.tobytes().hex()}">' if array.size else "dense<>"
    return ir.Attribute.parse(f"{text} : {tensor_text(array.shape, element)}")


def from_attribute(attribute, shape, element):
    want = DTYPES[TENON_NAME[element]]
    if 0 in shape:
        return np.zeros(shape, want)
    array = np.array(attribute).reshape(shape)
    return array.astype(want) if TENON_NAME[element] in SUB_BYTE else array.view(want)


def run_interpreter(text, module, arrays):
    del text
    elements = [element for _, element in signature(module)[0]]
    results = expose(module)
    try:
        values = stablehlo.eval_module(module, [to_attribute(a, e) for a, e in zip(arrays, elements)])
    except Exception as error:
        raise Problem("unsupported" if re.search(r"[Uu]nsupported|not supported", str(error)) else "failed", "run", error)
    return [from_attribute(value, shape, element) for value, (shape, element) in zip(values, results)]


ENGINES = {"xla": run_xla, "stablehlo": run_interpreter}


def run(request):
    data = read_text(request)
    with jax_mlir.make_ir_context(), ir.Location.unknown():
        answer = {}
        for one in request.get("runs", [request]):
            answer = run_once(request["engine"], data, one)
        return answer


def run_once(engine, data, one):
    module = parse(data)
    arguments, results = signature(module)
    if len(one["inputs"]) != len(arguments):
        raise Problem("failed", "run", f"@main takes {len(arguments)} arguments, {len(one['inputs'])} were given")
    dynamic = any(None in shape for shape, _ in arguments)
    arrays = [read_npy(path, TENON_NAME[element], None if None in shape else shape)
              for path, (shape, element) in zip(one["inputs"], arguments)]
    text = data.decode("utf-8")
    if dynamic:
        module = refine(module, arrays)
        text = str(module)
    values = ENGINES[engine](text, module, arrays)
    return {"outputs": save_outputs(one["outputs"], [(value, element) for value, (_, element) in zip(values, results)])}


def check(request):
    """Parses and verifies."""
    with jax_mlir.make_ir_context(), ir.Location.unknown():
        parse(read_text(request))
    return {}


serve({"run": run, "check": check})
