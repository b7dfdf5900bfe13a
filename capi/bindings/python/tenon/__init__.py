"""Tenon from Python: build or load a graph of operators, lower it to StableHLO text, run it on the CPU.

    import numpy, tenon

    context = tenon.Context()
    graph = context.graph("norm")
    x = graph.input("x", "f32", (4, 640))
    graph.output("y", graph.rms_norm(x, epsilon=1e-5))
    text = graph.lower("iree")
    y = graph.compile().run(x=numpy.ones((4, 640), numpy.float32))

Needs libtenon.so.1 and NumPy. The library is looked for at TENON_LIBRARY, then where the loader looks.

Everything that has close() is a context manager; the order of closing does not matter. Errors are tenon.Error. A Context and a Program
may be used from many threads at once, and a run releases the GIL; a Graph takes one thread at a time and sees to that itself.
"""

from ._context import Context
from ._errors import Error, UnknownOperator
from ._graph import Graph, Module, Target, Value
from ._library import lib as _lib
from ._params import Params
from ._program import Cancel, Program
from ._tensor import Tensor, save, save_safetensors
from ._types import Type, bf16_from_float32, bf16_to_float32, dtype_name, numpy_dtype

__all__ = [
    "Cancel",
    "Context",
    "Error",
    "Graph",
    "Module",
    "Params",
    "Program",
    "Target",
    "Tensor",
    "Type",
    "UnknownOperator",
    "Value",
    "bf16_from_float32",
    "bf16_to_float32",
    "dtype_name",
    "numpy_dtype",
    "save",
    "save_safetensors",
    "version",
]


def version():
    """The library's version: "0.1.0"."""
    return _lib.tenon_version().decode()
