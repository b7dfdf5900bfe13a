"""Parameter archives: .safetensors and .irpa files, mapped."""

import ctypes as c
from collections.abc import Mapping

from . import _structs as s
from ._arrays import memory_array
from ._errors import Error, call, call_out
from ._handle import Handle, Owner
from ._library import encode, lib
from ._types import read_type


class Params(Owner, Mapping):
    """A parameter file as a mapping from names to read-only NumPy arrays over the mapped file: nothing is read until it is used."""

    def __init__(self, context, path):
        with context as pointer:
            self._handle = Handle(
                call_out(lib.tenon_params_open, pointer, *encode(path)), lib.tenon_params_destroy, "parameter archive", (context,)
            )
        self.path = path
        self._index = {}
        with self._handle as params:
            for index in range(lib.tenon_params_get_count(params)):
                self._index[self._get(params, index)[0]] = index

    @staticmethod
    def _get(params, index):
        name, length, view = c.c_char_p(), c.c_size_t(), s.TensorView()
        call(lib.tenon_params_get, params, index, c.byref(name), c.byref(length), c.byref(view))
        return c.string_at(name, length.value).decode(), view

    def _view(self, name):
        with self._handle as params:
            return self._get(params, self._index[name])[1]

    def type(self, name):
        """The type of a tensor; dtype "invalid" where the file does not say, or says none of ours."""
        return read_type(self._view(name))

    def __getitem__(self, name):
        view = self._view(name)
        if view.dtype == 0:
            raise Error(
                "UNIMPLEMENTED", f'{self.path}: the dtype of "{name}" is none of ours, or the file does not say it', number=s.UNIMPLEMENTED
            )
        return memory_array(self._handle, view)

    def __len__(self):
        return len(self._index)

    def __iter__(self):
        return iter(self._index)

    def __contains__(self, name):
        return name in self._index

    def write(self, graph, path):
        """Writes the tensors that the graph declares as parameters to a .irpa or .safetensors file."""
        with self._handle as params, graph._lock, graph._handle as pointer:
            call(lib.tenon_params_write, pointer, params, *encode(path))

    def __repr__(self):
        return f"<tenon.Params {str(self.path)!r}, {len(self)} tensors>"

    __eq__ = object.__eq__
    __hash__ = object.__hash__
