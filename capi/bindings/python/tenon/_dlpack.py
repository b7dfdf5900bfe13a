"""DLPack capsules: what Python wraps around the structs of tenon.h."""

import ctypes as c

from . import _structs as s
from ._errors import call_out, invalid
from ._library import lib

_VERSIONED, _LEGACY = b"dltensor_versioned", b"dltensor"
_CPU = (1, 0)

# PyDLL: these need the GIL.
_api = c.PyDLL(None)
_new = _api["PyCapsule_New"]
_new.restype, _new.argtypes = c.py_object, (c.c_void_p, c.c_char_p, c.c_void_p)
_is_valid = _api["PyCapsule_IsValid"]
_is_valid.restype, _is_valid.argtypes = c.c_int, (c.py_object, c.c_char_p)
_pointer = _api["PyCapsule_GetPointer"]
_pointer.restype, _pointer.argtypes = c.c_void_p, (c.py_object, c.c_char_p)
_rename = _api["PyCapsule_SetName"]
_rename.restype, _rename.argtypes = c.c_int, (c.py_object, c.c_char_p)
# The same two for a capsule that is being destroyed: as a py_object it would be born again.
_dying_is_valid = _api["PyCapsule_IsValid"]
_dying_is_valid.restype, _dying_is_valid.argtypes = c.c_int, (c.c_void_p, c.c_char_p)
_dying_pointer = _api["PyCapsule_GetPointer"]
_dying_pointer.restype, _dying_pointer.argtypes = c.c_void_p, (c.c_void_p, c.c_char_p)

_USED = {_VERSIONED: c.create_string_buffer(b"used_dltensor_versioned"), _LEGACY: c.create_string_buffer(b"used_dltensor")}
_NAMES = {name: c.create_string_buffer(name) for name in (_VERSIONED, _LEGACY)}  # a capsule does not copy its name


@c.PYFUNCTYPE(None, c.c_void_p)
def _drop(
    capsule,
    names=_NAMES,
    is_valid=_dying_is_valid,
    pointer=_dying_pointer,
    structs=((_VERSIONED, s.DLManagedTensorVersioned), (_LEGACY, s.DLManagedTensor)),
):
    """A capsule that nobody took: its tensor is given back. Uses no globals: at the interpreter's end they may be gone."""
    for name, struct in structs:
        if is_valid(capsule, names[name]):
            address = pointer(capsule, names[name])
            struct.from_address(address).deleter(address)


# Capsules may outlive this module.
for _object in (_drop, *_NAMES.values(), *_USED.values()):
    c.pythonapi.Py_IncRef(c.py_object(_object))


def export_capsule(pointer, versioned):
    """A capsule of a tenon_tensor."""
    name = _VERSIONED if versioned else _LEGACY
    managed = call_out(lib.tenon_tensor_to_dlpack if versioned else lib.tenon_tensor_to_dlpack_legacy, pointer)
    return _new(managed, _NAMES[name], c.cast(_drop, c.c_void_p))


def import_capsule(context, given):
    """The tenon_tensor of an object with __dlpack__, without a copy."""
    device = tuple(int(part) for part in given.__dlpack_device__()) if hasattr(given, "__dlpack_device__") else _CPU
    if device[0] != _CPU[0]:
        raise invalid(f"a DLPack tensor on device {device}: only the CPU (1) is known", "copy it to the CPU first")
    try:
        capsule = given.__dlpack__(max_version=(1, 0))
    except TypeError:  # a producer from before DLPack 1.0
        capsule = given.__dlpack__()
    for name, function in ((_VERSIONED, lib.tenon_tensor_from_dlpack), (_LEGACY, lib.tenon_tensor_from_dlpack_legacy)):
        if _is_valid(capsule, name):
            managed = _pointer(capsule, name)
            _rename(capsule, _USED[name])  # it is the library's from here on, also when the call fails
            return call_out(function, context, managed)
    raise invalid("__dlpack__ gave no capsule named dltensor or dltensor_versioned", "give the object itself, and each capsule once")


def check_request(stream, dl_device):
    if stream is not None:
        raise invalid(f"stream {stream!r}: the CPU has none", "leave it out")
    if dl_device is not None and tuple(int(part) for part in dl_device) != _CPU:
        raise BufferError(f"the tensor is on the CPU and is not copied to device {dl_device}")  # what the protocol asks for
