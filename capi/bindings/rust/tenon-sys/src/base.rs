//! Declarations of `tenon/base.h`, written by generate.py: change the header and run it again.
use std::os::raw::{c_char, c_void};

pub const TENON_OK: i32 = 0;
pub const TENON_CANCELLED: i32 = 1;
pub const TENON_UNKNOWN: i32 = 2;
pub const TENON_INVALID_ARGUMENT: i32 = 3;
pub const TENON_DEADLINE_EXCEEDED: i32 = 4;
pub const TENON_NOT_FOUND: i32 = 5;
pub const TENON_ALREADY_EXISTS: i32 = 6;
pub const TENON_PERMISSION_DENIED: i32 = 7;
pub const TENON_RESOURCE_EXHAUSTED: i32 = 8;
pub const TENON_FAILED_PRECONDITION: i32 = 9;
pub const TENON_ABORTED: i32 = 10;
pub const TENON_OUT_OF_RANGE: i32 = 11;
pub const TENON_UNIMPLEMENTED: i32 = 12;
pub const TENON_INTERNAL: i32 = 13;
pub const TENON_UNAVAILABLE: i32 = 14;
pub const TENON_DATA_LOSS: i32 = 15;
pub const TENON_UNAUTHENTICATED: i32 = 16;
pub const TENON_INCOMPATIBLE: i32 = 18;

/// a plugin was refused; the cause chain says why
pub const TENON_PLUGIN_REJECTED: i32 = 100;

/// a newer caller set a field or extension that this library does not know
pub const TENON_NOT_UNDERSTOOD: i32 = 101;

/// a manifest breaks a rule; file:line:column is in the error
pub const TENON_MANIFEST_INVALID: i32 = 102;

/// a manifest and its library disagree
pub const TENON_MANIFEST_MISMATCH: i32 = 103;

/// owner or mode of a plugin's file or folder
pub const TENON_UNTRUSTED: i32 = 104;

/// needs a CPU feature that this machine lacks
pub const TENON_CPU_UNSUPPORTED: i32 = 105;

pub const TENON_DEPENDENCY_MISSING: i32 = 106;
pub const TENON_PROBE_FAILED: i32 = 107;

/// a plugin changed rounding or denormal handling; it was restored
pub const TENON_FP_ENV_CHANGED: i32 = 108;

/// Element types. The numbers are ABI and never reused.
pub type tenon_dtype = i32;

pub const TENON_DTYPE_INVALID: i32 = 0;

/// one byte per element, 0 or 1
pub const TENON_I1: i32 = 1;

/// one int8 per element
pub const TENON_I4: i32 = 2;

pub const TENON_I8: i32 = 3;
pub const TENON_I16: i32 = 4;
pub const TENON_I32: i32 = 5;
pub const TENON_I64: i32 = 6;

/// one uint8 per element
pub const TENON_UI4: i32 = 7;

pub const TENON_UI8: i32 = 8;
pub const TENON_UI16: i32 = 9;
pub const TENON_UI32: i32 = 10;
pub const TENON_UI64: i32 = 11;
pub const TENON_F8E4M3FN: i32 = 12;
pub const TENON_F8E5M2: i32 = 13;

/// IEEE binary16, as uint16_t
pub const TENON_F16: i32 = 14;

/// bfloat16, as uint16_t
pub const TENON_BF16: i32 = 15;

pub const TENON_F32: i32 = 16;
pub const TENON_F64: i32 = 17;
pub const TENON_DYNAMIC: i64 = i64::MIN;
pub const TENON_MAX_RANK: i32 = 32;

/// The head of every growable struct.
/// struct_size: sizeof the struct as the sender's compiler saw it. struct_kind: which struct. next: a chain of extension structs, each
/// starting with a tenon_header; an unknown kind with the top bit set must be understood, else it is skipped.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_header {
    pub struct_size: u32,
    pub struct_kind: u32,
    pub next: *const c_void,
}

pub const TENON_KIND_MUST_UNDERSTAND: u32 = 0x80000000;
pub const TENON_TENSOR_READ_ONLY: u32 = 1;

/// A view of a tensor in memory: borrowed, never owned.
/// data points at element [0,..,0]. dims and strides have `rank` entries; strides count elements (not bytes), may be zero or negative;
/// strides NULL means compact row-major. The data need not be aligned beyond its element unless a function says so. A tensor of no
/// elements may have data NULL. TENON_TENSOR_READ_ONLY: nobody writes through this view.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_tensor_view {
    pub data: *mut c_void,
    pub dims: *const i64,
    pub strides: *const i64,
    pub rank: i32,
    pub dtype: tenon_dtype,
    pub flags: u32,
    pub reserved0: u32,
}
impl tenon_tensor_view {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        data: core::ptr::null_mut(),
        dims: core::ptr::null(),
        strides: core::ptr::null(),
        rank: 0,
        dtype: TENON_DTYPE_INVALID,
        flags: 0,
        reserved0: 0,
    };
}

/// An attribute's value.
/// kind says which member counts. BOOL and I64: i64. F64: f64. STRING: text, count = its length. DTYPE: i64 is the tenon_dtype.
/// I64S and BOOLS: i64s, count. F64S: f64s, count. STRINGS: items, each a STRING. DICT: items, each named.
pub type tenon_attr_kind = i32;

pub const TENON_ATTR_NONE: i32 = 0;
pub const TENON_ATTR_BOOL: i32 = 1;
pub const TENON_ATTR_I64: i32 = 2;
pub const TENON_ATTR_F64: i32 = 3;
pub const TENON_ATTR_STRING: i32 = 4;
pub const TENON_ATTR_DTYPE: i32 = 5;
pub const TENON_ATTR_I64S: i32 = 6;
pub const TENON_ATTR_F64S: i32 = 7;
pub const TENON_ATTR_BOOLS: i32 = 8;
pub const TENON_ATTR_STRINGS: i32 = 9;
pub const TENON_ATTR_DICT: i32 = 10;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_attr {
    pub name: *const c_char,
    pub name_length: usize,
    pub kind: tenon_attr_kind,
    /// TENON_ATTR_DEFAULTED
    pub flags: u32,
    pub i64: i64,
    pub f64: f64,
    pub text: *const c_char,
    pub i64s: *const i64,
    pub f64s: *const f64,
    pub items: *const tenon_attr,
    pub count: usize,
}
impl tenon_attr {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        name: core::ptr::null(),
        name_length: 0,
        kind: TENON_ATTR_NONE,
        flags: 0,
        i64: 0,
        f64: 0.0,
        text: core::ptr::null(),
        i64s: core::ptr::null(),
        f64s: core::ptr::null(),
        items: core::ptr::null(),
        count: 0,
    };
}

/// filled in from the schema's default: the user did not give it
pub const TENON_ATTR_DEFAULTED: u32 = 1;

/// A tensor type: dtype and dims, no data. dims is borrowed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_type_view {
    pub dims: *const i64,
    pub rank: i32,
    pub dtype: tenon_dtype,
}
impl tenon_type_view {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        dims: core::ptr::null(),
        rank: 0,
        dtype: TENON_DTYPE_INVALID,
    };
}
