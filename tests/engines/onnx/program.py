"""A graph of Tenon's operators, made from one ONNX node."""
import numpy as np
from cases import Case, Node, Tensor
from tensors import DTYPES

TENON_DTYPE = {numpy: name for name, numpy in DTYPES.items()}


class Skip(Exception):
    """There is no graph for this case; the text says why."""


def dtype_of(array):
    name = TENON_DTYPE.get(np.dtype(array.dtype))
    if name is None:
        raise Skip(f"Tenon has no element type {np.dtype(array.dtype).name}")
    return name


class Program:
    def __init__(self, case):
        self.case, self.graph, self.count = case, Case(case.name), 0
        self.given = {}

    # ---- the ONNX node

    def attr(self, name, default=None):
        return self.case.attributes.get(name, default)

    def array(self, index):
        """Input number `index`, or None if it is absent."""
        return self.case.inputs[index] if index < len(self.case.inputs) else None

    def x(self, index):
        """The value of input number `index`, or None if it is absent."""
        array = self.array(index)
        if array is None:
            return None
        if index not in self.given:
            self.given[index] = f"in{index}"
            self.graph.inputs.append(Tensor(f"in{index}", dtype_of(array), array))
        return self.given[index]

    def ints(self, index):
        """An input that says a shape, axes or counts, as a list; None if it is absent."""
        array = self.array(index)
        return None if array is None else [int(value) for value in np.ravel(array)]

    def dtype(self, index=0):
        return dtype_of(self.array(index))

    def shape(self, index=0):
        return list(self.array(index).shape)

    # ---- our graph

    def constant(self, values, dtype):
        array = np.asarray(values)
        name = f"c{len(self.graph.constants)}"
        self.graph.constants.append(Tensor(name, dtype, array.astype(DTYPES[dtype])))
        return name

    def node(self, op, *operands, **attributes):
        """A node with operands in the schema's order; its first result."""
        operands = list(operands)
        while operands and operands[-1] is None:
            operands.pop()
        name = f"n{len(self.graph.nodes)}"
        self.graph.nodes.append(Node(name, op, operands, {key: value for key, value in attributes.items() if value is not None}))
        return name

    def cast(self, value, dtype, have=None):
        return value if have == dtype else self.node("cast", value, to=dtype)

    def reshape(self, value, shape):
        return self.node("reshape", value, shape=[int(size) for size in shape])

    def out(self, *values):
        """The results, in the order of the ONNX node's outputs; None for one that is not asked for."""
        self.graph.outputs = [(f"out{i}", value) for i, value in enumerate(values) if value is not None and self.wanted(i)]

    def wanted(self, index):
        return index < len(self.case.outputs) and self.case.outputs[index] is not None


TRANSLATIONS = {}  # ONNX's op_type -> function(Program)


def translates(*ops):
    def register(function):
        for op in ops:
            TRANSLATIONS[op] = function
        return function
    return register
