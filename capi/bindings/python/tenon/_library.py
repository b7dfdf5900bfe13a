"""libtenon.so.1: found, opened, its functions declared.

ctypes releases the GIL for the time of every call, so that other Python threads go on while a program runs, and takes it again for a
callback.
"""

import ctypes as c
import os

from . import _structs as s

NAME = "libtenon.so.1"

_text = (c.c_char_p, c.c_size_t)
_error = (c.POINTER(c.c_void_p),)
_out = (c.POINTER(c.c_void_p),)
_value = (c.POINTER(c.c_uint32),)
_views = (c.POINTER(s.TensorView), c.c_size_t)
_length = (c.POINTER(c.c_size_t),)
_p = c.c_void_p

# Functions that return a code and take the error last: argument types before it.
FALLIBLE = {
    "tenon_context_create": (c.POINTER(s.ContextOptions), *_out),
    "tenon_context_add_plugin_path": (_p, *_text),
    "tenon_context_add_manifest": (_p, *_text),
    "tenon_context_allow_plugins": (_p, *_text),
    "tenon_context_deny_plugins": (_p, *_text),
    "tenon_after_fork_child": (_p,),
    "tenon_operators_json": (_p, *_text, *_out),
    "tenon_plugins_json": (_p, *_out),
    "tenon_plugin_preload": (_p, *_text),
    "tenon_plugin_lint": (_p, *_text, *_out),
    "tenon_targets_json": (_p, *_out),
    "tenon_inspect_json": (_p, *_text, *_out),
    "tenon_machine_json": (_p, *_out),
    "tenon_graph_create": (_p, *_text, *_out),
    "tenon_graph_add_input": (_p, *_text, c.POINTER(s.TypeView), *_value),
    "tenon_graph_add_param": (_p, *_text, *_text, c.POINTER(s.TypeView), *_value),
    "tenon_graph_add_constant": (_p, *_text, c.POINTER(s.TensorView), *_value),
    "tenon_graph_add_node": (_p, c.POINTER(s.NodeRequest), *_value, c.c_size_t, *_length),
    "tenon_graph_add_output": (_p, *_text, c.c_uint32),
    "tenon_graph_find_value": (_p, *_text, *_value),
    "tenon_graph_get_type": (_p, c.c_uint32, c.POINTER(s.TypeView)),
    "tenon_graph_load": (_p, *_text, c.c_uint32, *_out),
    "tenon_graph_parse": (_p, *_text, *_text, c.c_uint32, *_out),
    "tenon_graph_to_yaml": (_p, *_out),
    "tenon_graph_from_operator": (_p, c.POINTER(s.OperatorSource), *_out),
    "tenon_params_open": (_p, *_text, *_out),
    "tenon_params_get": (_p, c.c_size_t, c.POINTER(c.c_char_p), *_length, c.POINTER(s.TensorView)),
    "tenon_params_write": (_p, _p, *_text),
    "tenon_target_find": (_p, *_text, *_out),
    "tenon_graph_lower": (_p, _p, c.POINTER(s.LowerOptions), *_out),
    "tenon_module_print": (_p, *_out),
    "tenon_module_decisions_json": (_p, *_out),
    "tenon_graph_compile": (_p, c.POINTER(s.ProgramOptions), *_out),
    "tenon_program_bind": (_p, c.POINTER(s.TypeView), c.c_size_t, *_out),
    "tenon_program_get_input": (_p, c.c_size_t, c.POINTER(c.c_char_p), *_length, c.POINTER(s.TypeView)),
    "tenon_program_get_output": (_p, c.c_size_t, c.POINTER(c.c_char_p), *_length, c.POINTER(s.TypeView)),
    "tenon_program_run": (_p, *_views, *_views, c.POINTER(s.RunOptions)),
    "tenon_program_print": (_p, *_out),
    "tenon_program_report_json": (_p, *_out),
    "tenon_program_explain_json": (_p, *_out),
    "tenon_tensor_create": (_p, c.POINTER(s.TypeView), *_out),
    "tenon_tensor_load": (_p, *_text, c.c_int32, *_out),
    "tenon_tensor_get_view": (_p, c.POINTER(s.TensorView)),
    "tenon_tensor_fill_random": (_p, c.c_uint64),
    "tenon_view_save": (c.POINTER(s.TensorView), *_text),
    "tenon_views_save": (c.POINTER(s.TensorView), c.POINTER(c.c_char_p), c.c_size_t, *_text),
    "tenon_tensor_from_dlpack": (_p, _p, *_out),
    "tenon_tensor_from_dlpack_legacy": (_p, _p, *_out),
    "tenon_tensor_to_dlpack": (_p, *_out),
    "tenon_tensor_to_dlpack_legacy": (_p, *_out),
    "tenon_verify_operator_json": (_p, *_text, c.POINTER(s.VerifyOptions), *_out, c.POINTER(c.c_uint32)),
    "tenon_verify_graph_json": (_p, _p, c.POINTER(s.VerifyOptions), *_out, c.POINTER(c.c_uint32)),
}
# The others: result, then arguments.
PLAIN = {
    "tenon_version": (c.c_char_p,),
    "tenon_code_name": (c.c_char_p, c.c_int32),
    "tenon_error_get_json": (_p, _p, *_length),
    "tenon_error_get_report": (_p, _p, *_length),
    "tenon_error_release": (None, _p),
    "tenon_blob_get_data": (_p, _p, *_length),
    "tenon_blob_release": (None, _p),
    "tenon_context_destroy": (None, _p),
    "tenon_graph_destroy": (None, _p),
    "tenon_graph_get_params_file": (_p, _p, *_length),
    "tenon_params_destroy": (None, _p),
    "tenon_params_get_count": (c.c_size_t, _p),
    "tenon_target_get_yaml": (_p, _p, *_length),
    "tenon_target_release": (None, _p),
    "tenon_module_release": (None, _p),
    "tenon_program_destroy": (None, _p),
    "tenon_program_get_input_count": (c.c_size_t, _p),
    "tenon_program_get_output_count": (c.c_size_t, _p),
    "tenon_program_get_step_count": (c.c_size_t, _p),
    "tenon_tensor_destroy": (None, _p),
}


def _open():
    path = os.environ.get("TENON_LIBRARY") or NAME
    try:
        library = c.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"tenon: {error}. Install the library ({NAME}), or set TENON_LIBRARY to its path, or its folder in LD_LIBRARY_PATH"
        ) from error
    for name, arguments in FALLIBLE.items():
        function = getattr(library, name)
        function.restype, function.argtypes = c.c_int32, (*arguments, *_error)
    for name, (result, *arguments) in PLAIN.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, tuple(arguments)
    return library


lib = _open()


def encode(text):
    """Text, or a path, as what a pointer-and-length pair of the C API takes."""
    data = os.fsencode(text) if isinstance(text, os.PathLike) else text if isinstance(text, bytes) else str(text).encode()
    return data, len(data)


def lent_text(function, *arguments):
    """A text that the library lends."""
    length = c.c_size_t()
    data = function(*arguments, c.byref(length))
    return c.string_at(data, length.value).decode()
