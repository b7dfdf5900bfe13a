"""Programs: planned once, run often, from any thread."""

import contextlib
import ctypes as c

import numpy as np

from . import _structs as s
from ._arrays import array_of, view_of
from ._errors import call, call_json, call_out, call_text, invalid
from ._handle import Handle, Owner
from ._library import lib
from ._tensor import Tensor, tensor_from_dlpack
from ._types import Type, numpy_dtype, read_type, type_view


class Cancel:
    """Stops runs: program.run(.., cancel=cancel) in one thread, cancel.set() in another; the run raises Error with code CANCELLED."""

    def __init__(self):
        self._flag = c.c_int32(0)

    def set(self):
        self._flag.value = 1

    def clear(self):
        self._flag.value = 0


class Program(Owner):
    """A planned graph. inputs and outputs are lists of (name, Type); sizes that are not bound are None."""

    def __init__(self, pointer, context, parents):
        self._context = context
        self._handle = Handle(pointer, lib.tenon_program_destroy, "program", (context, *parents))
        with self._handle as program:
            self.inputs = self._named(program, lib.tenon_program_get_input_count, lib.tenon_program_get_input)
            self.outputs = self._named(program, lib.tenon_program_get_output_count, lib.tenon_program_get_output)
        self._dynamic = any(None in kind.shape for _, kind in self.inputs)

    @staticmethod
    def _named(program, count, get):
        result = []
        for index in range(count(program)):
            name, length, view = c.c_char_p(), c.c_size_t(), s.TypeView()
            call(get, program, index, c.byref(name), c.byref(length), c.byref(view))
            result.append((c.string_at(name, length.value).decode(), read_type(view)))
        return result

    def run(self, *inputs, out=None, cancel=None, **named):
        """Runs the program on NumPy arrays, DLPack tensors, Tensors or numbers, given in order or by name.

        Returns one array, or a tuple of them in the order of `outputs`. out: arrays to write into, a list or a dict by name (those left
        out, or None, are made); an array may be the very one of an input, and else shares no memory with any. Safe from many threads at
        once, each with outputs of its own. An input whose name is a parameter of this function goes by order.
        """
        given = self._by_name(inputs, named)
        with contextlib.ExitStack() as stack:
            program = stack.enter_context(self._handle)
            views = [self._input(name, kind, given[name], stack) for name, kind in self.inputs]
            outputs = self.outputs
            if self._dynamic:
                bound = stack.enter_context(self._bind(program, [read_type(view) for view in views]))
                outputs, program = bound.outputs, stack.enter_context(bound._handle)
            arrays, written = self._out(outputs, out, stack)
            options = s.RunOptions()
            if cancel is not None:
                options.cancel = c.pointer(cancel._flag)
            call(
                lib.tenon_program_run,
                program,
                (s.TensorView * len(views))(*views),
                len(views),
                (s.TensorView * len(written))(*written),
                len(written),
                c.byref(options),
            )
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    def _by_name(self, inputs, named, default=None):
        names = [name for name, _ in self.inputs]
        if len(inputs) > len(names):
            raise invalid(f"the program has {len(names)} inputs, got {len(inputs)}", f"its inputs are {', '.join(names)}")
        given = dict(zip(names, inputs))
        for name, value in named.items():
            if name not in names:
                raise invalid(f'the program has no input "{name}"', f"its inputs are {', '.join(names)}", operand=name)
            if name in given:
                raise invalid(f"input {name} is given twice, by order and by name", operand=name)
            given[name] = value
        given = {**(default or {}), **given}
        missing = [name for name in names if name not in given]
        if missing:
            raise invalid(f"input {missing[0]} is missing", f"give {', '.join(missing)}", operand=missing[0])
        return given

    def _input(self, name, kind, value, stack):
        if isinstance(value, Tensor):
            stack.enter_context(value._handle)
            return value._view()
        if not isinstance(value, (np.ndarray, np.generic)):
            if hasattr(value, "__dlpack__"):
                tensor = stack.enter_context(tensor_from_dlpack(self._context, value))
                return tensor._view()
            value = array_of(value, kind.dtype, name)
        return view_of(np.asarray(value), kind.dtype, name)

    @staticmethod
    def _out(outputs, out, stack):
        """The arrays that are written, and views of them."""
        names = [name for name, _ in outputs]
        if out is None:
            out = {}
        elif not isinstance(out, dict):
            out = [out] if isinstance(out, (np.ndarray, Tensor)) else list(out)
            if len(out) > len(names):
                raise invalid(
                    f"the program has {len(names)} outputs, got {len(out)} arrays to write", f"its outputs are {', '.join(names)}"
                )
            out = dict(zip(names, out))
        unknown = [name for name in out if name not in names]
        if unknown:
            raise invalid(f'the program has no output "{unknown[0]}"', f"its outputs are {', '.join(names)}", operand=unknown[0])
        arrays, views = [], []
        for name, kind in outputs:
            target = out.get(name)
            if isinstance(target, Tensor):
                stack.enter_context(target._handle)
                arrays.append(target)
                views.append(target._view())
                continue
            if target is None:
                target = np.empty(kind.shape, numpy_dtype(kind.dtype))
            elif not isinstance(target, np.ndarray):
                raise invalid(
                    f"output {name}: {type(target).__name__} is no array to write into", "give a NumPy array or a Tensor", operand=name
                )
            view = view_of(target, kind.dtype, name)
            if view.array is not target:
                raise invalid(f"output {name}: the array's strides are no whole elements", "give an array of its own", operand=name)
            arrays.append(target)
            views.append(view)
        return arrays, views

    def bind(self, *shapes, **named):
        """The program for inputs of these shapes: outputs, plan and reports are known before the first run. Inputs left out keep their
        shape."""
        given = self._by_name(shapes, named, {name: kind.shape for name, kind in self.inputs})
        with self._handle as program:
            return self._bind(program, [Type(kind.dtype, given[name]) for name, kind in self.inputs])

    def _bind(self, program, types):
        views = (s.TypeView * len(types))(*[type_view(*kind) for kind in types])
        return Program(call_out(lib.tenon_program_bind, program, views, len(types)), self._context, (self._handle,))

    @property
    def step_count(self):
        """How many steps the plan has; 0 while sizes are not bound."""
        with self._handle as program:
            return lib.tenon_program_get_step_count(program)

    @property
    def plan(self):
        """The plan for a person: steps, kernels, buffers."""
        with self._handle as program:
            return call_text(lib.tenon_program_print, program)

    def report(self):
        """What runs where, as a dict."""
        with self._handle as program:
            return call_json(lib.tenon_program_report_json, program)

    def explain(self):
        """Every candidate kernel of every step, as a dict: chosen, or the rule that removed it and the remedy."""
        with self._handle as program:
            return call_json(lib.tenon_program_explain_json, program)

    def __repr__(self):
        def listed(values):
            return ", ".join(f"{name}: {kind}" for name, kind in values)

        return f"<tenon.Program ({listed(self.inputs)}) -> ({listed(self.outputs)})>"
