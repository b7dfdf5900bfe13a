//! Declarations of `tenon/tenon.h`, written by generate.py: change the header and run it again.
use crate::base::*;
use crate::plugin::*;
use std::os::raw::{c_char, c_void};

pub const TENON_VERSION_MAJOR: i32 = 0;
pub const TENON_VERSION_MINOR: i32 = 1;
pub const TENON_VERSION_PATCH: i32 = 0;
pub const TENON_NUL_TERMINATED: usize = usize::MAX;

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_context {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_error {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_graph {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_module {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_target {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_program {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_params {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_tensor {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_blob {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// A value of one graph: an input, parameter, constant or node result.
pub type tenon_value = u32;

pub const TENON_VALUE_NONE: u32 = 0xFFFFFFFF;

/// Kinds of the option structs (tenon_header.struct_kind).
pub const TENON_KIND_CONTEXT_OPTIONS: u32 = 0x0001;

pub const TENON_KIND_NODE_REQUEST: u32 = 0x0002;
pub const TENON_KIND_LOWER_OPTIONS: u32 = 0x0003;
pub const TENON_KIND_PROGRAM_OPTIONS: u32 = 0x0004;
pub const TENON_KIND_RUN_OPTIONS: u32 = 0x0005;
pub const TENON_KIND_OPERATOR_SOURCE: u32 = 0x0006;
pub const TENON_KIND_VERIFY_OPTIONS: u32 = 0x0007;
pub const TENON_KIND_ALLOCATOR: u32 = 0x0008;
pub const TENON_KIND_THREAD_POOL: u32 = 0x0009;

/// what was wrong: what was expected and what came
pub const TENON_ERROR_MESSAGE: i32 = 1;

/// one sentence that someone can act on
pub const TENON_ERROR_ADVICE: i32 = 2;

/// "core", or a plugin's name and version
pub const TENON_ERROR_DOMAIN: i32 = 3;

pub const TENON_ERROR_FILE: i32 = 4;
pub const TENON_ERROR_NODE: i32 = 5;
pub const TENON_ERROR_OPERAND: i32 = 6;
pub const TENON_ERROR_PLUGIN: i32 = 7;

/// honour no environment variable
pub const TENON_CONTEXT_NO_ENV: u32 = 1;

/// search no plugins in the user's folder
pub const TENON_CONTEXT_NO_USER_DIR: u32 = 2;

/// only the plugins beside the library, and static ones
pub const TENON_CONTEXT_SAFE_MODE: u32 = 4;

/// a plugin that changes rounding or denormal handling fails the call
pub const TENON_CONTEXT_STRICT_FP: u32 = 8;

/// search no site and system folders: only what the program adds
pub const TENON_CONTEXT_NO_SYSTEM_DIR: u32 = 16;

/// search the user's folder also when running as root
pub const TENON_CONTEXT_USER_DIR_AS_ROOT: u32 = 32;

/// Memory. NULL members: the library's own. release gets the sizes that allocate was asked for. Called from any thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_allocator {
    pub header: tenon_header,
    pub user: *mut c_void,
    pub allocate: Option<unsafe extern "C" fn(user: *mut c_void, bytes: usize, align: usize) -> *mut c_void>,
    pub reallocate: Option<unsafe extern "C" fn(user: *mut c_void, memory: *mut c_void, old_bytes: usize, new_bytes: usize, align: usize) -> *mut c_void>,
    pub release: Option<unsafe extern "C" fn(user: *mut c_void, memory: *mut c_void, bytes: usize, align: usize)>,
}
impl tenon_allocator {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_allocator>(TENON_KIND_ALLOCATOR),
        user: core::ptr::null_mut(),
        allocate: None,
        reallocate: None,
        release: None,
    };
}

/// The host's own thread pool: parallel_for must call fn over all of [0, count) in parts of at least grain, with slot < threads, no slot
/// twice at the same time, and return when all are done.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_thread_pool {
    pub header: tenon_header,
    pub user: *mut c_void,
    pub threads: u32,
    pub reserved0: u32,
    pub parallel_for: Option<unsafe extern "C" fn(user: *mut c_void, count: usize, grain: usize, fn_: tenon_parallel_fn, argument: *mut c_void)>,
}
impl tenon_thread_pool {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_thread_pool>(TENON_KIND_THREAD_POOL),
        user: core::ptr::null_mut(),
        threads: 0,
        reserved0: 0,
        parallel_for: None,
    };
}

/// level: TENON_LOG_*; category: "loader", "plan" or a plugin's name. Called from any thread, never under a lock.
pub type tenon_log_fn = Option<unsafe extern "C" fn(user: *mut c_void, level: i32, category: *const c_char, text: *const c_char, length: usize)>;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_context_options {
    pub header: tenon_header,
    /// TENON_CONTEXT_*
    pub flags: u32,
    /// 0: as many as the process may use
    pub threads: u32,
    /// a SIMD level of configs/arch.json to force; NULL: TENON_ARCH, else the best
    pub arch: *const c_char,
    pub arch_length: usize,
    /// NULL: errors go to stderr once each
    pub log: tenon_log_fn,
    pub log_user: *mut c_void,
    /// 0: errors only, or as TENON_LOG says
    pub log_level: i32,
    pub reserved0: u32,
    pub allocator: *const tenon_allocator,
    pub thread_pool: *const tenon_thread_pool,
}
impl tenon_context_options {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_context_options>(TENON_KIND_CONTEXT_OPTIONS),
        flags: 0,
        threads: 0,
        arch: core::ptr::null(),
        arch_length: 0,
        log: None,
        log_user: core::ptr::null_mut(),
        log_level: 0,
        reserved0: 0,
        allocator: core::ptr::null(),
        thread_pool: core::ptr::null(),
    };
}

/// A node. operands: by position in the operator's order, TENON_VALUE_NONE for absent ones, trailing ones left out; operand_names, if not
/// NULL, gives each operand's name instead. attributes: name and value; numbers may be given as text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_node_request {
    pub header: tenon_header,
    /// yours, unique in the graph
    pub name: *const c_char,
    pub name_length: usize,
    /// "rms_norm", an alias, "example.my_norm"
    pub op: *const c_char,
    pub op_length: usize,
    pub operands: *const tenon_value,
    pub operand_count: usize,
    /// NUL-terminated; NULL: by position
    pub operand_names: *const *const c_char,
    pub attributes: *const tenon_attr,
    pub attribute_count: usize,
}
impl tenon_node_request {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_node_request>(TENON_KIND_NODE_REQUEST),
        name: core::ptr::null(),
        name_length: 0,
        op: core::ptr::null(),
        op_length: 0,
        operands: core::ptr::null(),
        operand_count: 0,
        operand_names: core::ptr::null(),
        attributes: core::ptr::null(),
        attribute_count: 0,
    };
}

/// drop nodes that no output needs, instead of failing
pub const TENON_GRAPH_PRUNE: u32 = 1;

/// One operator as a graph: `op:NAME --dtype D --shape AxB,CxD --attr k=v`. shapes: "4x640,640" in the operands' order, empty for an absent
/// one. attributes: "name=value" texts.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_operator_source {
    pub header: tenon_header,
    pub op: *const c_char,
    pub op_length: usize,
    pub dtype: *const c_char,
    pub dtype_length: usize,
    pub shapes: *const c_char,
    pub shapes_length: usize,
    /// NUL-terminated "name=value"
    pub attributes: *const *const c_char,
    pub attribute_count: usize,
}
impl tenon_operator_source {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_operator_source>(TENON_KIND_OPERATOR_SOURCE),
        op: core::ptr::null(),
        op_length: 0,
        dtype: core::ptr::null(),
        dtype_length: 0,
        shapes: core::ptr::null(),
        shapes_length: 0,
        attributes: core::ptr::null(),
        attribute_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_lower_options {
    pub header: tenon_header,
    /// where the target keeps parameters as constants; else NULL
    pub params: *const tenon_params,
}
impl tenon_lower_options {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_lower_options>(TENON_KIND_LOWER_OPTIONS),
        params: core::ptr::null(),
    };
}

/// only the interpreter
pub const TENON_PROGRAM_REFERENCE: u32 = 1;

/// an operator without a kernel is an error that names it
pub const TENON_PROGRAM_STRICT: u32 = 2;

/// only kernels that claim determinism: bitwise
pub const TENON_PROGRAM_BITWISE: u32 = 4;

/// runs with step_nanoseconds also keep when each step, and each part of it, ran: report_json
pub const TENON_PROGRAM_TIMELINE: u32 = 8;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_program_options {
    pub header: tenon_header,
    pub flags: u32,
    pub reserved0: u32,
    /// only kernels that claim at most this; 0: any
    pub max_ulp: f64,
    /// for graphs with parameters; must outlive the program
    pub params: *const tenon_params,
    /// kernels of this plugin first; NULL: none
    pub pinned_plugin: *const c_char,
    pub pinned_plugin_length: usize,
}
impl tenon_program_options {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_program_options>(TENON_KIND_PROGRAM_OPTIONS),
        flags: 0,
        reserved0: 0,
        max_ulp: 0.0,
        params: core::ptr::null(),
        pinned_plugin: core::ptr::null(),
        pinned_plugin_length: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_run_options {
    pub header: tenon_header,
    /// NULL: no timing; else room for step_capacity numbers
    pub step_nanoseconds: *mut u64,
    pub step_capacity: usize,
    /// not 0: stop soon with CANCELLED; NULL: never
    pub cancel: *const i32,
}
impl tenon_run_options {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_run_options>(TENON_KIND_RUN_OPTIONS),
        step_nanoseconds: core::ptr::null_mut(),
        step_capacity: 0,
        cancel: core::ptr::null(),
    };
}

pub const DLPACK_MAJOR_VERSION: u32 = 1;
pub const DLPACK_MINOR_VERSION: u32 = 0;

/// DLPack 1.x (https://dmlc.github.io/dlpack): the declarations yield to the real dlpack.h
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLPackVersion {
    pub major: u32,
    pub minor: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLDevice {
    /// 1: CPU
    pub device_type: i32,
    pub device_id: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLDataType {
    /// 0 int, 1 uint, 2 float, 4 bfloat, 6 bool, 10 float8_e4m3fn, 12 float8_e5m2
    pub code: u8,
    pub bits: u8,
    pub lanes: u16,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLTensor {
    pub data: *mut c_void,
    pub device: DLDevice,
    pub ndim: i32,
    pub dtype: DLDataType,
    pub shape: *mut i64,
    pub strides: *mut i64,
    pub byte_offset: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLManagedTensor {
    pub dl_tensor: DLTensor,
    pub manager_ctx: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(self_: *mut DLManagedTensor)>,
}

pub const DLPACK_FLAG_BITMASK_READ_ONLY: u64 = 1 << 0;
pub const DLPACK_FLAG_BITMASK_IS_COPIED: u64 = 1 << 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLManagedTensorVersioned {
    pub version: DLPackVersion,
    pub manager_ctx: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(self_: *mut DLManagedTensorVersioned)>,
    pub flags: u64,
    pub dl_tensor: DLTensor,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_verify_options {
    pub header: tenon_header,
    /// only this one; NULL: all
    pub dtype: *const c_char,
    pub dtype_length: usize,
    pub seed: u64,
    /// beside the operator's own cases: drawn from its schema
    pub random_cases: u32,
    pub reserved0: u32,
    /// every case that must succeed is written below this folder, for other judges; NULL: none. Not for graphs
    pub export_folder: *const c_char,
    pub export_folder_length: usize,
}
impl tenon_verify_options {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_verify_options>(TENON_KIND_VERIFY_OPTIONS),
        dtype: core::ptr::null(),
        dtype_length: 0,
        seed: 0,
        random_cases: 0,
        reserved0: 0,
        export_folder: core::ptr::null(),
        export_folder_length: 0,
    };
}
