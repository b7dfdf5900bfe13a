"""The structs and numbers of tenon/base.h, tenon/tenon.h and DLPack, as ctypes. tests/test_layout.py compares them with what a C compiler
says."""

import ctypes as c

NUL_TERMINATED = c.c_size_t(-1).value
DYNAMIC = -(2**63)
VALUE_NONE = 0xFFFFFFFF
MAX_RANK = 32
TENSOR_READ_ONLY = 1

# Codes that the package itself names; the others keep the name that the library gives them.
OK, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, UNIMPLEMENTED, UNAVAILABLE = 0, 3, 5, 6, 9, 12, 14

# In the order of their numbers, from 0.
DTYPES = (
    "invalid",
    "i1",
    "i4",
    "i8",
    "i16",
    "i32",
    "i64",
    "ui4",
    "ui8",
    "ui16",
    "ui32",
    "ui64",
    "f8e4m3fn",
    "f8e5m2",
    "f16",
    "bf16",
    "f32",
    "f64",
)

CONTEXT_FLAGS = {"no_env": 1, "no_user_dir": 2, "safe_mode": 4, "strict_fp": 8, "no_system_dir": 16, "user_dir_as_root": 32}
PROGRAM_FLAGS = {"reference": 1, "strict": 2, "bitwise": 4}
GRAPH_PRUNE = 1

ATTR_BOOL, ATTR_I64, ATTR_F64, ATTR_STRING, ATTR_DTYPE, ATTR_I64S, ATTR_F64S, ATTR_BOOLS, ATTR_STRINGS, ATTR_DICT = range(1, 11)


class Header(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("struct_kind", c.c_uint32), ("next", c.c_void_p)]


class Options(c.Structure):
    """A growable struct: initialises its header, as the TENON_.._INIT macros do."""

    kind = 0

    def __init__(self, **fields):
        super().__init__(**fields)
        self.header = Header(c.sizeof(self), self.kind, None)


class TensorView(c.Structure):
    _fields_ = [
        ("data", c.c_void_p),
        ("dims", c.POINTER(c.c_int64)),
        ("strides", c.POINTER(c.c_int64)),
        ("rank", c.c_int32),
        ("dtype", c.c_int32),
        ("flags", c.c_uint32),
        ("reserved0", c.c_uint32),
    ]


class TypeView(c.Structure):
    _fields_ = [("dims", c.POINTER(c.c_int64)), ("rank", c.c_int32), ("dtype", c.c_int32)]


class Attr(c.Structure):
    pass


Attr._fields_ = [
    ("name", c.c_char_p),
    ("name_length", c.c_size_t),
    ("kind", c.c_int32),
    ("flags", c.c_uint32),
    ("i64", c.c_int64),
    ("f64", c.c_double),
    ("text", c.c_char_p),
    ("i64s", c.POINTER(c.c_int64)),
    ("f64s", c.POINTER(c.c_double)),
    ("items", c.POINTER(Attr)),
    ("count", c.c_size_t),
]

LogFunction = c.CFUNCTYPE(None, c.c_void_p, c.c_int32, c.c_void_p, c.c_void_p, c.c_size_t)


class ContextOptions(Options):
    kind = 0x0001
    _fields_ = [
        ("header", Header),
        ("flags", c.c_uint32),
        ("threads", c.c_uint32),
        ("arch", c.c_char_p),
        ("arch_length", c.c_size_t),
        ("log", LogFunction),
        ("log_user", c.c_void_p),
        ("log_level", c.c_int32),
        ("reserved0", c.c_uint32),
        ("allocator", c.c_void_p),
        ("thread_pool", c.c_void_p),
    ]


class NodeRequest(Options):
    kind = 0x0002
    _fields_ = [
        ("header", Header),
        ("name", c.c_char_p),
        ("name_length", c.c_size_t),
        ("op", c.c_char_p),
        ("op_length", c.c_size_t),
        ("operands", c.POINTER(c.c_uint32)),
        ("operand_count", c.c_size_t),
        ("operand_names", c.POINTER(c.c_char_p)),
        ("attributes", c.POINTER(Attr)),
        ("attribute_count", c.c_size_t),
    ]


class LowerOptions(Options):
    kind = 0x0003
    _fields_ = [("header", Header), ("params", c.c_void_p)]


class ProgramOptions(Options):
    kind = 0x0004
    _fields_ = [
        ("header", Header),
        ("flags", c.c_uint32),
        ("reserved0", c.c_uint32),
        ("max_ulp", c.c_double),
        ("params", c.c_void_p),
        ("pinned_plugin", c.c_char_p),
        ("pinned_plugin_length", c.c_size_t),
    ]


class RunOptions(Options):
    kind = 0x0005
    _fields_ = [
        ("header", Header),
        ("step_nanoseconds", c.POINTER(c.c_uint64)),
        ("step_capacity", c.c_size_t),
        ("cancel", c.POINTER(c.c_int32)),
    ]


class OperatorSource(Options):
    kind = 0x0006
    _fields_ = [
        ("header", Header),
        ("op", c.c_char_p),
        ("op_length", c.c_size_t),
        ("dtype", c.c_char_p),
        ("dtype_length", c.c_size_t),
        ("shapes", c.c_char_p),
        ("shapes_length", c.c_size_t),
        ("attributes", c.POINTER(c.c_char_p)),
        ("attribute_count", c.c_size_t),
    ]


class VerifyOptions(Options):
    kind = 0x0007
    _fields_ = [
        ("header", Header),
        ("dtype", c.c_char_p),
        ("dtype_length", c.c_size_t),
        ("seed", c.c_uint64),
        ("random_cases", c.c_uint32),
        ("reserved0", c.c_uint32),
        ("export_folder", c.c_char_p),
        ("export_folder_length", c.c_size_t),
    ]


# ---- DLPack 1.x; only what the package reads: which deleter a capsule that nobody took must call ----


class DLTensor(c.Structure):
    _fields_ = [
        ("data", c.c_void_p),
        ("device_type", c.c_int32),
        ("device_id", c.c_int32),
        ("ndim", c.c_int32),
        ("code", c.c_uint8),
        ("bits", c.c_uint8),
        ("lanes", c.c_uint16),
        ("shape", c.POINTER(c.c_int64)),
        ("strides", c.POINTER(c.c_int64)),
        ("byte_offset", c.c_uint64),
    ]


class DLManagedTensor(c.Structure):
    _fields_ = [("dl_tensor", DLTensor), ("manager_ctx", c.c_void_p), ("deleter", c.CFUNCTYPE(None, c.c_void_p))]


class DLManagedTensorVersioned(c.Structure):
    _fields_ = [
        ("major", c.c_uint32),
        ("minor", c.c_uint32),
        ("manager_ctx", c.c_void_p),
        ("deleter", c.CFUNCTYPE(None, c.c_void_p)),
        ("flags", c.c_uint64),
        ("dl_tensor", DLTensor),
    ]
