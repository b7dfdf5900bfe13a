//! Declarations of `tenon/plugin.h`, written by generate.py: change the header and run it again.
use crate::base::*;
use std::os::raw::{c_char, c_void};

pub const TENON_PLUGIN_API_MAJOR: u32 = 1;
pub const TENON_PLUGIN_API_MINOR: u32 = 0;

/// the frame of one callback: error, scratch memory, cancellation
/// Opaque to plugins.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_call {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// one use of an operator: operand types, attributes, result types
/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_node {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// where a lowering writes StableHLO
/// Opaque.
#[repr(C)]
#[derive(Debug)]
pub struct tenon_builder {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// A value in the builder; valid until the callback returns.
pub type tenon_hlo_value = u32;

/// an operand that is absent
pub const TENON_HLO_NONE: u32 = 0xFFFFFFFF;

/// Log levels.
pub const TENON_LOG_ERROR: i32 = 1;

pub const TENON_LOG_WARNING: i32 = 2;
pub const TENON_LOG_INFO: i32 = 3;
pub const TENON_LOG_DEBUG: i32 = 4;

/// Kinds of the structs below (tenon_header.struct_kind).
pub const TENON_KIND_HOST_INFO: u32 = 0x0101;

pub const TENON_KIND_HOST_API: u32 = 0x0102;
pub const TENON_KIND_PLUGIN_INFO: u32 = 0x0103;
pub const TENON_KIND_OPERATOR: u32 = 0x0104;
pub const TENON_KIND_KERNEL: u32 = 0x0105;
pub const TENON_KIND_KERNEL_PLAN: u32 = 0x0106;
pub const TENON_KIND_HLO_OP: u32 = 0x0107;
pub const TENON_KIND_OPERATOR_USE: u32 = 0x0108;
pub const TENON_KIND_MACHINE: u32 = 0x0109;

/// One StableHLO operation. name: "add" or "stablehlo.add". attributes: by their VHLO names (broadcast_dimensions, comparison_direction ..).
/// result_types: where they do not follow from the operands (convert, reshape, broadcast_in_dim, iota, ..); else count 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_hlo_op {
    pub header: tenon_header,
    pub name: *const c_char,
    pub name_length: usize,
    pub operands: *const tenon_hlo_value,
    pub operand_count: usize,
    pub attributes: *const tenon_attr,
    pub attribute_count: usize,
    pub result_types: *const tenon_type_view,
    pub result_type_count: usize,
}
impl tenon_hlo_op {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_hlo_op>(TENON_KIND_HLO_OP),
        name: core::ptr::null(),
        name_length: 0,
        operands: core::ptr::null(),
        operand_count: 0,
        attributes: core::ptr::null(),
        attribute_count: 0,
        result_types: core::ptr::null(),
        result_type_count: 0,
    };
}

/// Another operator used inside a lowering. name: "reduce_mean" (the plugin's own namespace first, then Tenon's) or "example.my_norm".
/// operands: in the schema's order, TENON_HLO_NONE for absent ones. carrier 1 (in lower_as only): write it in the form that the target
/// asks for (composite, custom call); 0: as its meaning.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_operator_use {
    pub header: tenon_header,
    pub name: *const c_char,
    pub name_length: usize,
    pub operands: *const tenon_hlo_value,
    pub operand_count: usize,
    pub attributes: *const tenon_attr,
    pub attribute_count: usize,
    pub carrier: u32,
    pub reserved0: u32,
}
impl tenon_operator_use {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_operator_use>(TENON_KIND_OPERATOR_USE),
        name: core::ptr::null(),
        name_length: 0,
        operands: core::ptr::null(),
        operand_count: 0,
        attributes: core::ptr::null(),
        attribute_count: 0,
        carrier: 0,
        reserved0: 0,
    };
}

/// The machine, for plans
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_machine {
    pub header: tenon_header,
    /// that parallel_for may use; at least 1
    pub threads: u32,
    pub reserved0: u32,
    /// per core, per core, shared; 0: unknown
    pub l1d_bytes: u64,
    pub l2_bytes: u64,
    pub l3_bytes: u64,
    /// the SIMD level in force, a name of configs/arch.json
    pub level: *const c_char,
}
impl tenon_machine {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_machine>(TENON_KIND_MACHINE),
        threads: 1,
        reserved0: 0,
        l1d_bytes: 0,
        l2_bytes: 0,
        l3_bytes: 0,
        level: core::ptr::null(),
    };
}

/// fn(argument, begin, end, slot): the part [begin, end) of a parallel_for; slot is below `threads`.
pub type tenon_parallel_fn = Option<unsafe extern "C" fn(argument: *mut c_void, begin: usize, end: usize, slot: usize)>;

/// What the host gives. Constant, append-only, lives for the process. TENON_HAS tests for a newer member.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_host_api {
    pub header: tenon_header,
    pub api_major: u32,
    pub api_minor: u32,
    /// Memory. alloc: align is a power of two up to 4096; NULL on failure. free takes what alloc was asked for. scratch: not zeroed,
    /// freed when the callback returns; NULL on failure. None of them may be called in run.
    pub alloc: Option<unsafe extern "C" fn(call: *mut tenon_call, bytes: usize, align: usize) -> *mut c_void>,
    pub realloc: Option<unsafe extern "C" fn(call: *mut tenon_call, memory: *mut c_void, old_bytes: usize, new_bytes: usize, align: usize) -> *mut c_void>,
    pub free: Option<unsafe extern "C" fn(call: *mut tenon_call, memory: *mut c_void, bytes: usize, align: usize)>,
    pub scratch: Option<unsafe extern "C" fn(call: *mut tenon_call, bytes: usize, align: usize) -> *mut c_void>,
    /// Errors and log. error_set keeps the first error and returns `code`, so that `return api->error_set(..)` works; advice may be NULL.
    pub error_set: Option<unsafe extern "C" fn(call: *mut tenon_call, code: i32, text: *const c_char, length: usize, advice: *const c_char, advice_length: usize) -> i32>,
    pub log_enabled: Option<unsafe extern "C" fn(call: *mut tenon_call, level: i32) -> i32>,
    pub log: Option<unsafe extern "C" fn(call: *mut tenon_call, level: i32, text: *const c_char, length: usize)>,
    /// Reading a node. Operands and results stand in the schema's order, a variadic operand expanded. node_operand and node_result return 1
    /// and fill *out, or return 0 if it is absent (out: dtype TENON_DTYPE_INVALID) or out of range. node_attr returns 1 and fills *out, or 0
    /// if the operator has no such attribute or it has neither value nor default. Defaults are filled in (TENON_ATTR_DEFAULTED). Result types
    /// are known in lower, lower_as, supports and plan. Dims and attribute contents live as long as the callback.
    /// "rms_norm"
    pub node_operator: Option<unsafe extern "C" fn(node: *const tenon_node, length: *mut usize) -> *const c_char>,
    /// the user's name for it
    pub node_name: Option<unsafe extern "C" fn(node: *const tenon_node, length: *mut usize) -> *const c_char>,
    pub node_operand_count: Option<unsafe extern "C" fn(node: *const tenon_node) -> usize>,
    pub node_operand: Option<unsafe extern "C" fn(node: *const tenon_node, index: usize, out: *mut tenon_type_view) -> i32>,
    pub node_result_count: Option<unsafe extern "C" fn(node: *const tenon_node) -> usize>,
    pub node_result: Option<unsafe extern "C" fn(node: *const tenon_node, index: usize, out: *mut tenon_type_view) -> i32>,
    pub node_attr: Option<unsafe extern "C" fn(node: *const tenon_node, name: *const c_char, length: usize, out: *mut tenon_attr) -> i32>,
    /// In infer: the type of a result. A result that is not set is absent. The host copies dims.
    pub infer_result: Option<unsafe extern "C" fn(call: *mut tenon_call, index: usize, type_: *const tenon_type_view) -> i32>,
    /// Builder, in lower and lower_as. Each call is checked as it is made; after an error every further call returns that error.
    /// TENON_HLO_NONE if absent
    pub build_operand: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, index: usize, out: *mut tenon_hlo_value) -> i32>,
    pub build_type: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, value: tenon_hlo_value, out: *mut tenon_type_view) -> i32>,
    pub build_op: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, op: *const tenon_hlo_op, results: *mut tenon_hlo_value, capacity: usize, count: *mut usize) -> i32>,
    /// bytes of one element: a splat
    pub build_constant: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, type_: *const tenon_type_view, data: *const c_void, bytes: usize, out: *mut tenon_hlo_value) -> i32>,
    /// a region of the next build_op
    pub build_region_begin: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, arguments: *const tenon_type_view, count: usize, out: *mut tenon_hlo_value) -> i32>,
    pub build_region_end: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, results: *const tenon_hlo_value, count: usize) -> i32>,
    pub build_operator: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, use_: *const tenon_operator_use, results: *mut tenon_hlo_value, capacity: usize, count: *mut usize) -> i32>,
    pub build_return: Option<unsafe extern "C" fn(call: *mut tenon_call, builder: *mut tenon_builder, results: *const tenon_hlo_value, count: usize) -> i32>,
    /// Running. parallel_for calls fn over [0, count) in parts of at least `grain`, on this thread and the host's pool, and returns when all
    /// are done; inline when nested. cancelled: 1 if the caller wants the run to end soon.
    pub parallel_for: Option<unsafe extern "C" fn(call: *mut tenon_call, count: usize, grain: usize, fn_: tenon_parallel_fn, argument: *mut c_void)>,
    pub cancelled: Option<unsafe extern "C" fn(call: *mut tenon_call) -> i32>,
    pub machine: Option<unsafe extern "C" fn(call: *mut tenon_call, out: *mut tenon_machine) -> i32>,
    /// An optional table by name, or NULL: how later groups of functions arrive.
    pub get_extension: Option<unsafe extern "C" fn(name: *const c_char, length: usize, min_minor: u32) -> *const c_void>,
}

/// What plan() fills in. state: the plugin's, freed by plan_destroy. workspace: given to run, not zeroed, align a power of two up to 4096.
/// resultN_may_alias: bit i set: run is right when result N is the very same memory as operand i. bytes, flops: the least traffic and the
/// useful work of one run, for reports. note: one line for the printed plan, in static storage or in state.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_kernel_plan {
    pub header: tenon_header,
    pub state: *mut c_void,
    pub workspace_bytes: usize,
    pub workspace_align: usize,
    pub result0_may_alias: u64,
    pub result1_may_alias: u64,
    pub bytes: f64,
    pub flops: f64,
    pub note: *const c_char,
    pub note_length: usize,
}
impl tenon_kernel_plan {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_kernel_plan>(TENON_KIND_KERNEL_PLAN),
        state: core::ptr::null_mut(),
        workspace_bytes: 0,
        workspace_align: 0,
        result0_may_alias: 0,
        result1_may_alias: 0,
        bytes: 0.0,
        flops: 0.0,
        note: core::ptr::null(),
        note_length: 0,
    };
}

/// TENON_KERNEL_STRIDED: run takes operands and results of any strides; without it the host hands out compact row-major ones.
pub const TENON_KERNEL_STRIDED: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_kernel {
    pub header: tenon_header,
    /// as in the manifest's kernels
    pub name: *const c_char,
    pub name_length: usize,
    /// SIMD level it needs, a name of configs/arch.json; NULL: none
    pub level: *const c_char,
    pub level_length: usize,
    pub flags: u32,
    pub reserved0: u32,
    /// the plugin's: usually the level's table of functions
    pub table: *const c_void,
    /// TENON_OK: takes this node. Any other code: declines; error_set says why, which explain shows. Cheap.
    pub supports: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_kernel, node: *const tenon_node) -> i32>,
    /// Decides everything that run needs. May allocate. All types are static.
    pub plan: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_kernel, node: *const tenon_node, out: *mut tenon_kernel_plan) -> i32>,
    /// Views have strides (never NULL), dims as the node's types, no negative strides on results; data is aligned to its element at least.
    /// An absent operand has dtype TENON_DTYPE_INVALID. Operands and results do not overlap but as the plan allowed.
    pub run: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_kernel, state: *const c_void, operands: *const tenon_tensor_view, operand_count: usize, results: *const tenon_tensor_view, result_count: usize, workspace: *mut c_void) -> i32>,
    /// may be NULL if state is always NULL
    pub plan_destroy: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_kernel, state: *mut c_void)>,
}

/// adds kernels to an operator that another plugin defines (manifest: kernels_for)
pub const TENON_OPERATOR_KERNELS_ONLY: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_operator {
    pub header: tenon_header,
    /// as in the manifest, without namespace; KERNELS_ONLY: with it ("tenon.rms_norm")
    pub name: *const c_char,
    pub name_length: usize,
    pub version: u32,
    pub flags: u32,
    /// The result types, through infer_result. The host has checked operand counts, dtypes, `like` and shape symbols of the schema, and
    /// attribute types and ranges. NULL if the manifest names a stock rule.
    pub infer: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_operator, node: *const tenon_node) -> i32>,
    /// The meaning: builder calls that end in build_return with the present results in order.
    pub lower: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_operator, node: *const tenon_node, builder: *mut tenon_builder) -> i32>,
    /// Optional: the form at a target whose operands differ. Writes what belongs around a build_operator with carrier = 1, or declines with a
    /// code and a reason. NULL: the operands go as they are.
    pub lower_as: Option<unsafe extern "C" fn(call: *mut tenon_call, self_: *const tenon_operator, node: *const tenon_node, target: *const c_char, target_length: usize, builder: *mut tenon_builder) -> i32>,
    pub kernels: *const *const tenon_kernel,
    pub kernel_count: usize,
    /// the plugin's
    pub user: *const c_void,
}

pub const TENON_SANITIZER_NONE: u32 = 0;
pub const TENON_SANITIZER_ADDRESS: u32 = 1;
pub const TENON_SANITIZER_THREAD: u32 = 2;
pub const TENON_SANITIZER_MEMORY: u32 = 4;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_host_info {
    pub header: tenon_header,
    pub api_major: u32,
    /// the host talks to plugins that ask for a minor in [min, max]
    pub api_minor_min: u32,
    pub api_minor_max: u32,
    pub sanitizer: u32,
    pub pointer_bytes: u32,
    pub little_endian: u32,
    /// bits of configs/arch.json's feature list
    pub cpu_features: [u64; 4],
    /// "0.1.0"
    pub version: *const c_char,
    pub version_length: usize,
    pub api: *const tenon_host_api,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tenon_plugin_info {
    pub header: tenon_header,
    /// TENON_PLUGIN_API_MINOR of the header it was built with
    pub api_minor_built: u32,
    /// the lowest host minor that it works with
    pub api_minor_required: u32,
    /// out: min(host max, built)
    pub api_minor_chosen: u32,
    pub sanitizer: u32,
    /// as in the manifest
    pub name: *const c_char,
    pub name_length: usize,
    pub version: *const c_char,
    pub version_length: usize,
    /// "none", "rust", "go", ..; NULL: none
    pub runtime: *const c_char,
    pub runtime_length: usize,
    /// reserved, zero
    pub features: u64,
    /// Optional. create runs once per context before any other callback, destroy at the context's end; *state goes nowhere else.
    pub create: Option<unsafe extern "C" fn(call: *mut tenon_call, state: *mut *mut c_void) -> i32>,
    pub destroy: Option<unsafe extern "C" fn(call: *mut tenon_call, state: *mut c_void)>,
    pub thread_exit: Option<unsafe extern "C" fn()>,
    pub operators: *const *const tenon_operator,
    pub operator_count: usize,
    /// reserved for kind: importer; NULL
    pub importers: *const *const c_void,
    pub importer_count: usize,
}
impl tenon_plugin_info {
    /// What the header's macro of this name sets.
    pub const INIT: Self = Self {
        header: crate::header_of::<tenon_plugin_info>(TENON_KIND_PLUGIN_INFO),
        api_minor_built: 0,
        api_minor_required: 0,
        api_minor_chosen: 0,
        sanitizer: 0,
        name: core::ptr::null(),
        name_length: 0,
        version: core::ptr::null(),
        version_length: 0,
        runtime: core::ptr::null(),
        runtime_length: 0,
        features: 0,
        create: None,
        destroy: None,
        thread_exit: None,
        operators: core::ptr::null(),
        operator_count: 0,
        importers: core::ptr::null(),
        importer_count: 0,
    };
}

/// Pure: no allocation, thread or I/O; callable any number of times. Fills *out (at most out->header.struct_size bytes). Returns TENON_OK,
/// or TENON_INCOMPATIBLE if the host's range does not meet the plugin's. host->api lives for the process and may be kept.
pub type tenon_plugin_query_fn = Option<unsafe extern "C" fn(host: *const tenon_host_info, out: *mut tenon_plugin_info) -> i32>;

pub const TENON_PLUGIN_QUERY_SYMBOL: &str = "tenon_plugin_query_v1";
