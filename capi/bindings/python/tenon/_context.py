"""Contexts: plugins, thread pool, machine. Everything is made from one."""

import ctypes as c
import os
import weakref

from . import _structs as s
from ._errors import Error, call, call_json, call_out
from ._graph import Graph, Target, verify_options
from ._handle import Handle, Owner
from ._library import encode, lib
from ._params import Params
from ._tensor import load_tensor, make_tensor, tensor_from_dlpack
from ._types import dtype_name

_LEVELS = {1: "error", 2: "warning", 3: "info", 4: "debug"}
_live = weakref.WeakSet()


class Context(Owner):
    """Plugins, a thread pool, the machine. Two contexts share nothing. Use one for the whole program, from any thread.

    threads          0: as many as the process may use
    arch             a SIMD level to force ("avx2"); None: TENON_ARCH, else the best
    plugin_paths, manifests    folders and manifest files that win over every searched folder
    allow, deny      patterns (* and ?) of plugins' names
    log              log(level, category, text), level "error", "warning", "info" or "debug"; called from any thread. None: errors go to
                     stderr once
    log_level        one of those levels; None: errors, or as TENON_LOG says
    flags            no_env, no_user_dir, no_system_dir, user_dir_as_root, safe_mode, strict_fp: tenon.h says what each does
    """

    def __init__(self, threads=0, arch=None, plugin_paths=(), manifests=(), allow=(), deny=(), log=None, log_level=None, **flags):
        options = s.ContextOptions()
        for name, wanted in flags.items():
            if name not in s.CONTEXT_FLAGS:
                raise TypeError(f"Context has no option {name}; its flags are {', '.join(s.CONTEXT_FLAGS)}")
            options.flags |= s.CONTEXT_FLAGS[name] if wanted else 0
        options.threads = threads
        if arch is not None:
            options.arch, options.arch_length = encode(arch)
        if log_level is not None:
            numbers = {name: number for number, name in _LEVELS.items()}
            if log_level not in numbers:
                raise ValueError(f"log_level is one of {', '.join(numbers)}, got {log_level!r}")
            options.log_level = numbers[log_level]
        callback = None
        if log is not None:

            def forward(_, level, category, text, length):
                log(
                    _LEVELS.get(level, str(level)),
                    c.string_at(category).decode(errors="replace"),
                    c.string_at(text, length).decode(errors="replace"),
                )

            callback = options.log = s.LogFunction(forward)
        self._handle = Handle(call_out(lib.tenon_context_create, c.byref(options)), lib.tenon_context_destroy, "context", keep=callback)
        self._known = set()  # operators that were found
        with self._handle as context:
            for function, texts in (
                (lib.tenon_context_add_plugin_path, plugin_paths),
                (lib.tenon_context_add_manifest, manifests),
                (lib.tenon_context_allow_plugins, allow),
                (lib.tenon_context_deny_plugins, deny),
            ):
                for text in [texts] if isinstance(texts, (str, os.PathLike)) else texts:
                    call(function, context, *encode(text))
        _live.add(self)

    # ---- graphs ----

    def graph(self, name="graph"):
        """An empty graph."""
        with self._handle as context:
            return Graph(self, call_out(lib.tenon_graph_create, context, *encode(name)))

    def load(self, path, prune=False):
        """A graph file. prune: drop nodes that no output needs, instead of failing."""
        with self._handle as context:
            return Graph(self, call_out(lib.tenon_graph_load, context, *encode(path), s.GRAPH_PRUNE if prune else 0))

    def parse(self, text, file="", prune=False):
        """A graph file's text. file: its name in messages."""
        with self._handle as context:
            return Graph(self, call_out(lib.tenon_graph_parse, context, *encode(text), *encode(file), s.GRAPH_PRUNE if prune else 0))

    def operator(self, op, dtype, shapes, **attributes):
        """One operator as a graph. shapes: "4x640,640", or tuples in the operands' order, None for an absent one."""
        if not isinstance(shapes, str):
            shapes = ",".join("" if shape is None else "x".join(str(size) for size in shape) for shape in shapes)
        source = s.OperatorSource()
        source.op, source.op_length = encode(op)
        source.dtype, source.dtype_length = encode(dtype_name(dtype))
        source.shapes, source.shapes_length = encode(shapes)
        items = [f"{name}={_attribute_text(value)}".encode() for name, value in attributes.items() if value is not None]
        source.attributes, source.attribute_count = (c.c_char_p * len(items))(*items), len(items)
        with self._handle as context:
            return Graph(self, call_out(lib.tenon_graph_from_operator, context, c.byref(source)))

    def target(self, name):
        """A built-in target ("iree"), or a profile's path that ends in .yaml."""
        with self._handle as context:
            return Target(call_out(lib.tenon_target_find, context, *encode(name)))

    # ---- tensors ----

    def params(self, path):
        """A .safetensors or .irpa file, as a mapping from names to arrays."""
        return Params(self._handle, path)

    def tensor(self, dtype, shape):
        """A tensor of zeros in memory of the library's own, aligned to 64 bytes."""
        return make_tensor(self._handle, dtype, shape)

    def load_tensor(self, path, dtype=None):
        """A .npy file. dtype: what it must be; needed for bf16 and f8, which .npy files do not name."""
        return load_tensor(self._handle, path, dtype)

    def from_dlpack(self, given):
        """The tensor of any object with __dlpack__ on the CPU (NumPy, PyTorch, JAX), without a copy."""
        return tensor_from_dlpack(self._handle, given)

    # ---- reports, as dicts (share/tenon/schema/reports.schema.json says what is in them) ----

    def ops(self, name=""):
        """Every operator, or the one named: operands, results, attributes, dtypes, kernels. Opens no plugin."""
        with self._handle as context:
            return call_json(lib.tenon_operators_json, context, *encode(name))

    def plugins(self):
        """Every plugin found, with state, reason and advice."""
        with self._handle as context:
            return call_json(lib.tenon_plugins_json, context)

    def targets(self):
        """The built-in targets, and what each does with each operator."""
        with self._handle as context:
            return call_json(lib.tenon_targets_json, context)

    def machine(self):
        """SIMD level in force, usable levels, threads, caches."""
        with self._handle as context:
            return call_json(lib.tenon_machine_json, context)

    def inspect(self, path):
        """What is in a file: graph, .npy, .safetensors, .irpa, manifest, plugin library."""
        with self._handle as context:
            return call_json(lib.tenon_inspect_json, context, *encode(path))

    def lint(self, path):
        """Checks one plugin's manifest, and its library beside it, without running any of its code."""
        with self._handle as context:
            return call_json(lib.tenon_plugin_lint, context, *encode(path))

    def preload(self, plugin):
        """Opens a plugin's library now."""
        with self._handle as context:
            call(lib.tenon_plugin_preload, context, *encode(plugin))

    def explain(self, op, dtype, shapes, **attributes):
        """Every candidate kernel for one operator: chosen, or the rule that removed it and the remedy."""
        with self.operator(op, dtype, shapes, **attributes) as graph, graph.compile() as program:
            return program.explain()

    def verify(self, op, dtype=None, seed=0, cases=0):
        """An operator's cases, and `cases` random ones: kernel against lowering, a row per case, and how many `failed`."""
        options = verify_options(dtype, seed, cases)
        with self._handle as context:
            return call_json(lib.tenon_verify_operator_json, context, *encode(op), c.byref(options), after=(None,))

    # ----

    def _require_operator(self, name, kind):
        """Raises `kind` if no plugin has the operator."""
        if name in self._known:
            return
        with self._handle as context:
            call_json(lib.tenon_operators_json, context, *encode(name), kind=kind)
        self._known.add(name)

    def _after_fork(self):
        try:
            with self._handle as context:
                call(lib.tenon_after_fork_child, context)
        except Error:
            pass  # closed, or no threads: its next use says so

    def __repr__(self):
        return "<tenon.Context, closed>" if self.closed else "<tenon.Context>"


def _attribute_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_attribute_text(item) for item in value)
    return str(value)


def _after_fork_in_child():
    for context in list(_live):
        context._after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)  # a child has only the thread that forked: each context gets a new pool
