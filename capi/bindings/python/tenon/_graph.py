"""Graphs: built by calls, checked and typed at each; lowered to text, compiled to a program."""

import contextlib
import ctypes as c
import threading

import numpy as np

from . import _structs as s
from ._arrays import array_of, view_of
from ._attributes import attribute_array
from ._errors import Error, UnknownOperator, call, call_json, call_out, call_text, invalid
from ._handle import Handle, Owner
from ._library import encode, lent_text, lib
from ._program import Program
from ._types import dtype_name, read_type, type_view

_MAX_RESULTS = 256


class Value:
    """A value of one graph: an input, a parameter, a constant or a result of a node."""

    def __init__(self, graph, number):
        self._graph, self._number = graph, number

    @property
    def type(self):
        """Its Type: dtype and shape."""
        view = s.TypeView()
        with self._graph._lock, self._graph._handle as graph:
            call(lib.tenon_graph_get_type, graph, self._number, c.byref(view))
            return read_type(view)

    @property
    def dtype(self):
        return self.type.dtype

    @property
    def shape(self):
        return self.type.shape

    def __repr__(self):
        return f"<tenon.Value {self._number}>" if self._graph.closed else f"<tenon.Value {self._number}: {self.type}>"


class Graph(Owner):
    """A graph. An operator is a method: graph.softmax(x, axis=-1) adds a node and returns its result, or a tuple of them.

    Operators are not known to this package: the name is looked up among the plugins' operators when it is used, dir(graph) lists them,
    and a trailing underscore is dropped, for names that are Python's (graph.where_, graph.not_). Another plugin's are added by
    node("example.my_norm", ..).
    """

    def __init__(self, context, pointer):
        self._context = context
        self._lock = threading.RLock()  # the library wants one thread at a time per graph
        self._handle = Handle(pointer, lib.tenon_graph_destroy, "graph", (context._handle,))
        self._numbers = {}  # how many nodes were named by each operator

    # ---- building ----

    def _value(self, function, *arguments):
        number = c.c_uint32()
        with self._lock, self._handle as graph:
            call(function, graph, *arguments, c.byref(number))
        return Value(self, number.value)

    def input(self, name, dtype, shape):
        """An argument of the graph. A size may be None: it is known when the program runs."""
        return self._value(lib.tenon_graph_add_input, *encode(name), c.byref(type_view(dtype, shape)))

    def param(self, name, dtype, shape, alias=None):
        """A named tensor of a parameter archive. alias: its name in the graph."""
        return self._value(lib.tenon_graph_add_param, *encode(name), *encode(alias or name), c.byref(type_view(dtype, shape)))

    def constant(self, name, values, dtype=None):
        """A constant; the values are copied. dtype: for numbers, and for arrays that hold bits ("bf16")."""
        if not isinstance(values, (np.ndarray, np.generic)):
            if dtype is None:
                raise invalid(f"constant {name}: numbers have no dtype", "give dtype, or a NumPy array", operand=name)
            values = array_of(values, dtype_name(dtype), name)
        array = np.asarray(values)
        view = view_of(array, None if dtype is None else dtype_name(dtype), name)
        if dtype is not None and s.DTYPES[view.dtype] != dtype_name(dtype):
            raise invalid(
                f"constant {name}: expected {dtype_name(dtype)}, got {s.DTYPES[view.dtype]}",
                "nothing is converted silently: use array.astype",
                operand=name,
            )
        return self._value(lib.tenon_graph_add_constant, *encode(name), c.byref(view))

    def node(self, op, *operands, name=None, attributes=None, **more):
        """Adds a node. Operands go by order (None: absent), or by name; every other named argument is an attribute (None: its default).

        name: unique in the graph; made from the operator's name if left out. attributes: a dict, for names that Python or this function
        uses.
        """
        by_name = {key: value for key, value in more.items() if isinstance(value, Value)}
        given = {**(attributes or {}), **{key: value for key, value in more.items() if not isinstance(value, Value)}}
        for value in operands:
            if value is not None and not isinstance(value, Value):
                raise invalid(f"[{op}] operand {value!r} is no value of a graph", "make it one with graph.constant or graph.input")
        if by_name and operands:
            by_name = {**dict(zip(self._operand_names(op, len(operands)), operands)), **by_name}
            operands = ()
        request = s.NodeRequest()
        request.op, request.op_length = encode(op)
        values = list(by_name.values()) if by_name else list(operands)
        request.operands = (c.c_uint32 * len(values))(*[self._number(op, value) for value in values])
        request.operand_count = len(values)
        if by_name:
            request.operand_names = (c.c_char_p * len(by_name))(*[key.encode() for key in by_name])
        request.attributes, request.attribute_count = attribute_array(given)
        return self._add(request, op, name)

    def _number(self, op, value):
        if value is None:
            return s.VALUE_NONE
        if value._graph is not self:
            raise invalid(f"[{op}] {value!r} is a value of another graph", "use values that this graph gave out")
        return value._number

    def _operand_names(self, op, count):
        """The names of the first operands: for calls that give some by order and some by name."""
        schema = self._context.ops(op)["operators"][0]
        names = [operand["name"] for operand in schema["operands"]]
        if count > len(names) or any(operand["variadic"] for operand in schema["operands"]):
            raise invalid(f"[{op}] operands are given by order and by name", "give all of them one way")
        return names

    def _add(self, request, op, name):
        results = (c.c_uint32 * _MAX_RESULTS)()
        count = c.c_size_t()
        base = op.rsplit(".", 1)[-1]
        with self._lock, self._handle as graph:
            while True:
                number = self._numbers.get(op, 0)
                given = name or (f"{base}_{number}" if number else base)
                request.name, request.name_length = encode(given)
                try:
                    call(lib.tenon_graph_add_node, graph, c.byref(request), results, _MAX_RESULTS, c.byref(count))
                except Error as error:
                    if name or error.number != s.ALREADY_EXISTS:
                        raise
                    self._numbers[op] = number + 1
                    continue
                if not name:
                    self._numbers[op] = number + 1
                break
        if count.value > _MAX_RESULTS:
            return tuple(self.value(f"{given}:{index}") for index in range(count.value))
        values = [None if number == s.VALUE_NONE else Value(self, number) for number in results[: count.value]]
        while values and values[-1] is None:  # optional results that this node does not have
            values.pop()
        return values[0] if len(values) == 1 else tuple(values)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        op = name[:-1] if name.endswith("_") else name
        self._context._require_operator(op, UnknownOperator)

        def add(*operands, **more):
            return self.node(op, *operands, **more)

        add.__name__ = add.__qualname__ = name
        add.__doc__ = self._context.ops(op)["operators"][0]["summary"]
        return add

    def __dir__(self):
        names = (
            [] if self._context.closed else [entry["name"] for entry in self._context.ops()["operators"] if entry["namespace"] == "tenon"]
        )
        return sorted({*super().__dir__(), *names})

    def output(self, name, value):
        """Names a value as a result of the graph."""
        number = self._number("output", value)
        with self._lock, self._handle as graph:
            call(lib.tenon_graph_add_output, graph, *encode(name), number)

    def value(self, name):
        """A value by its name: "x", "norm", "norm:1", "norm:sum"."""
        return self._value(lib.tenon_graph_find_value, *encode(name))

    # ---- what becomes of it ----

    def to_yaml(self):
        """The graph as a graph file's text."""
        with self._lock, self._handle as graph:
            return call_text(lib.tenon_graph_to_yaml, graph)

    @property
    def params_file(self):
        """The parameter file that the graph file names, or ""."""
        with self._lock, self._handle as graph:
            return lent_text(lib.tenon_graph_get_params_file, graph)

    def lower(self, target="stablehlo", params=None):
        """The graph as StableHLO text for a target: a name ("iree"), a profile's path that ends in .yaml, or a Target."""
        with self.module(target, params) as module:
            return module.text

    def module(self, target="stablehlo", params=None):
        """The same as a Module, which also says what became of each operator, and why."""
        if not isinstance(target, Target):
            with self._context.target(target) as found:
                return self.module(found, params)
        options = s.LowerOptions()
        with _optional(params) as pointer, target._handle as profile, self._lock, self._handle as graph:
            options.params = pointer
            return Module(call_out(lib.tenon_graph_lower, graph, profile, c.byref(options)))

    def compile(self, params=None, reference=False, strict=False, bitwise=False, max_ulp=0.0, pinned_plugin=None):
        """Plans the graph. params: an archive, for graphs with parameters. reference: only the interpreter. strict: an operator without a
        kernel is an error. bitwise, max_ulp: only kernels that claim it. pinned_plugin: kernels of this plugin first."""
        options = s.ProgramOptions()
        flags = {"reference": reference, "strict": strict, "bitwise": bitwise}
        options.flags = sum(s.PROGRAM_FLAGS[name] for name, wanted in flags.items() if wanted)
        options.max_ulp = max_ulp
        if pinned_plugin:
            options.pinned_plugin, options.pinned_plugin_length = encode(pinned_plugin)
        with _optional(params) as pointer, self._lock, self._handle as graph:
            options.params = pointer
            parents = () if params is None else (params._handle,)
            return Program(call_out(lib.tenon_graph_compile, graph, c.byref(options)), self._context._handle, parents)

    def verify(self, params=None, dtype=None, seed=0, cases=0):
        """Each kernel step against the interpreter on inputs drawn from the seed: a dict with a row per step."""
        options = verify_options(dtype, seed, cases)
        with _optional(params) as pointer, self._lock, self._handle as graph:
            return call_json(lib.tenon_verify_graph_json, graph, pointer, c.byref(options), after=(None,))

    def __repr__(self):
        return "<tenon.Graph, closed>" if self.closed else "<tenon.Graph>"


def _optional(owner):
    return contextlib.nullcontext() if owner is None else owner._handle


def verify_options(dtype, seed, cases):
    options = s.VerifyOptions()
    if dtype is not None:
        options.dtype, options.dtype_length = encode(dtype_name(dtype))
    options.seed, options.random_cases = seed, cases
    return options


class Target(Owner):
    """What a consumer of StableHLO accepts. yaml: its profile, of which a user edits a copy."""

    def __init__(self, pointer):
        self._handle = Handle(pointer, lib.tenon_target_release, "target")

    @property
    def yaml(self):
        with self._handle as target:
            return lent_text(lib.tenon_target_get_yaml, target)


class Module(Owner):
    """A lowered graph."""

    def __init__(self, pointer):
        self._handle = Handle(pointer, lib.tenon_module_release, "module")

    @property
    def text(self):
        """StableHLO text. Equal modules, equal bytes."""
        with self._handle as module:
            return call_text(lib.tenon_module_print, module)

    def decisions(self):
        """What became of each operator, and why, as a dict."""
        with self._handle as module:
            return call_json(lib.tenon_module_decisions_json, module)

    def __str__(self):
        return self.text
