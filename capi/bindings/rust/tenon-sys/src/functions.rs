//! Functions of `tenon/tenon.h`, written by generate.py: change the header and run it again.
use crate::base::*;
use crate::host::*;
use crate::plugin::*;
use std::os::raw::c_char;

extern "C" {
    /// The library's version, "0.1.0". Lives for the process. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_version() -> *const c_char;
    /// The code of base.h. 0 for NULL. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_code(error: *const tenon_error) -> i32;
    /// "INVALID_ARGUMENT"; "UNKNOWN" for a number that is none of ours. Lives for the process. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_code_name(code: i32) -> *const c_char;
    /// One text of an error; "" where there is none. Lent until the error is released. length may be NULL.
    /// @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_text(error: *const tenon_error, field: i32, length: *mut usize) -> *const c_char;
    /// Line and column in TENON_ERROR_FILE, from 1; 0: unknown. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_position(error: *const tenon_error, line: *mut i32, column: *mut i32);
    /// The error behind this one, or NULL. Lent. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_cause(error: *const tenon_error) -> *const tenon_error;
    /// Key and value number `index` of what else is known, or 0 past the end. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_payload(error: *const tenon_error, index: usize, key: *mut *const c_char, value: *mut *const c_char) -> i32;
    /// {"error": {"code", "message", "where", "advice", ..}}. Lent until the error is released. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_json(error: *const tenon_error, length: *mut usize) -> *const c_char;
    /// The report for a person: "error: CODE: message", place, advice. Lent. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_get_report(error: *const tenon_error, length: *mut usize) -> *const c_char;
    /// @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_error_release(error: *mut tenon_error);
    /// The bytes, NUL-terminated behind the last. Lent until release. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_blob_get_data(blob: *const tenon_blob, length: *mut usize) -> *const c_char;
    /// @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_blob_release(blob: *mut tenon_blob);
    /// A context: plugins, thread pool, allocator, machine. Two contexts share nothing but mapped libraries. options may be NULL.
    /// @since 1.0 @threads any @blocks no @owns *out: tenon_context_destroy @errors CPU_UNSUPPORTED (arch)
    pub fn tenon_context_create(options: *const tenon_context_options, out: *mut *mut tenon_context, error: *mut *mut tenon_error) -> i32;
    /// After everything made from it. @since 1.0 @threads exclusive @blocks yes
    pub fn tenon_context_destroy(context: *mut tenon_context);
    /// Before the first use of the context (which reads the manifests). Paths and manifests win over every searched folder, in call order.
    /// @since 1.0 @threads init-only @blocks no @errors FAILED_PRECONDITION (already in use)
    pub fn tenon_context_add_plugin_path(context: *mut tenon_context, path: *const c_char, length: usize, error: *mut *mut tenon_error) ->
        i32;
    /// Before the first use of the context (which reads the manifests). Paths and manifests win over every searched folder, in call order.
    /// @since 1.0 @threads init-only @blocks no @errors FAILED_PRECONDITION (already in use)
    pub fn tenon_context_add_manifest(context: *mut tenon_context, path: *const c_char, length: usize, error: *mut *mut tenon_error) -> i32;
    /// A plugin linked into the program: its query function (TENON_STATIC_PLUGIN) and the text of its manifest, which is copied.
    /// @since 1.0 @threads init-only @blocks no @errors MANIFEST_INVALID FAILED_PRECONDITION
    pub fn tenon_context_add_static_plugin(context: *mut tenon_context, query: tenon_plugin_query_fn, manifest: *const c_char, length:
        usize, error: *mut *mut tenon_error) -> i32;
    /// Only plugins whose name matches an allowed pattern (none given: all), and none that matches a denied one (* and ?).
    /// @since 1.0 @threads init-only @blocks no @errors FAILED_PRECONDITION
    pub fn tenon_context_allow_plugins(context: *mut tenon_context, pattern: *const c_char, length: usize, error: *mut *mut tenon_error) ->
        i32;
    /// Only plugins whose name matches an allowed pattern (none given: all), and none that matches a denied one (* and ?).
    /// @since 1.0 @threads init-only @blocks no @errors FAILED_PRECONDITION
    pub fn tenon_context_deny_plugins(context: *mut tenon_context, pattern: *const c_char, length: usize, error: *mut *mut tenon_error) ->
        i32;
    /// In the child after fork, before any other call on the context: makes a new thread pool. @since 1.0 @threads exclusive @blocks no
    pub fn tenon_after_fork_child(context: *mut tenon_context, error: *mut *mut tenon_error) -> i32;
    /// Every operator, or the one named: aliases, operands, results, attributes, dtypes, kernels, pack, form per target. Opens no library.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors NOT_FOUND
    pub fn tenon_operators_json(context: *mut tenon_context, name: *const c_char, length: usize, out: *mut *mut tenon_blob, error: *mut *mut
        tenon_error) -> i32;
    /// Every plugin found, with state, reason, advice, path, version, what it offers. Opens no library.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release
    pub fn tenon_plugins_json(context: *mut tenon_context, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// Opens a plugin's library now. @since 1.0 @threads any @blocks yes @errors NOT_FOUND PLUGIN_REJECTED MANIFEST_MISMATCH ..
    pub fn tenon_plugin_preload(context: *mut tenon_context, name: *const c_char, length: usize, error: *mut *mut tenon_error) -> i32;
    /// Checks one manifest as the loader would, and its library where it lies beside it, without running any of its code.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors MANIFEST_INVALID MANIFEST_MISMATCH ..
    pub fn tenon_plugin_lint(context: *mut tenon_context, path: *const c_char, length: usize, out: *mut *mut tenon_blob, error: *mut *mut
        tenon_error) -> i32;
    /// The built-in target profiles, and what each does with each operator. @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release
    pub fn tenon_targets_json(context: *mut tenon_context, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// What is in a file: graph, .npy, .safetensors, .irpa, manifest, plugin library. By its name, never by guessing.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors NOT_FOUND UNIMPLEMENTED DATA_LOSS
    pub fn tenon_inspect_json(context: *mut tenon_context, path: *const c_char, length: usize, out: *mut *mut tenon_blob, error: *mut *mut
        tenon_error) -> i32;
    /// SIMD level in force, usable levels, threads, caches. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_machine_json(context: *mut tenon_context, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// @since 1.0 @threads any @blocks no @owns *out: tenon_graph_destroy
    pub fn tenon_graph_create(context: *mut tenon_context, name: *const c_char, length: usize, out: *mut *mut tenon_graph, error: *mut *mut
        tenon_error) -> i32;
    /// @since 1.0 @threads exclusive @blocks no
    pub fn tenon_graph_destroy(graph: *mut tenon_graph);
    /// An argument of the graph. dims may hold TENON_DYNAMIC. @since 1.0 @threads exclusive @blocks no @errors ALREADY_EXISTS
    pub fn tenon_graph_add_input(graph: *mut tenon_graph, name: *const c_char, length: usize, type_: *const tenon_type_view, out: *mut
        tenon_value, error: *mut *mut tenon_error) -> i32;
    /// A named tensor of a parameter archive; alias: its name in the graph (NULL: the same). @since 1.0 @threads exclusive @blocks no
    pub fn tenon_graph_add_param(graph: *mut tenon_graph, name: *const c_char, length: usize, alias: *const c_char, alias_length: usize,
        type_: *const tenon_type_view, out: *mut tenon_value, error: *mut *mut tenon_error) -> i32;
    /// A constant; the data is copied. @since 1.0 @threads exclusive @blocks no
    pub fn tenon_graph_add_constant(graph: *mut tenon_graph, name: *const c_char, length: usize, data: *const tenon_tensor_view, out: *mut
        tenon_value, error: *mut *mut tenon_error) -> i32;
    /// Adds a node; its operator's rules are checked and its result types inferred now. On failure the graph is as it was. Writes the results,
    /// in the operator's order (TENON_VALUE_NONE for an absent one), into results[0 .. capacity); *count (may be NULL) is how many there are.
    /// @since 1.0 @threads exclusive @blocks yes (opens the operator's library on first use)
    /// @errors NOT_FOUND (operator) ALREADY_EXISTS OUT_OF_RANGE PLUGIN_REJECTED DEPENDENCY_MISSING ..
    pub fn tenon_graph_add_node(graph: *mut tenon_graph, request: *const tenon_node_request, results: *mut tenon_value, capacity: usize,
        count: *mut usize, error: *mut *mut tenon_error) -> i32;
    /// @since 1.0 @threads exclusive @blocks no @errors ALREADY_EXISTS NOT_FOUND
    pub fn tenon_graph_add_output(graph: *mut tenon_graph, name: *const c_char, length: usize, value: tenon_value, error: *mut *mut
        tenon_error) -> i32;
    /// "x", "norm", "norm:1", "norm:sum". @since 1.0 @threads any @blocks no @errors NOT_FOUND
    pub fn tenon_graph_find_value(graph: *const tenon_graph, name: *const c_char, length: usize, out: *mut tenon_value, error: *mut *mut
        tenon_error) -> i32;
    /// The type of a value; dims are lent until the graph changes. @since 1.0 @threads any @blocks no @errors NOT_FOUND
    pub fn tenon_graph_get_type(graph: *const tenon_graph, value: tenon_value, out: *mut tenon_type_view, error: *mut *mut tenon_error) ->
        i32;
    /// A graph file. flags: TENON_GRAPH_PRUNE. file: its name in messages. @since 1.0 @threads any @blocks yes @owns *out: tenon_graph_destroy
    /// @errors NOT_FOUND and those of add_node, with file, line and column
    pub fn tenon_graph_load(context: *mut tenon_context, path: *const c_char, length: usize, flags: u32, out: *mut *mut tenon_graph, error:
        *mut *mut tenon_error) -> i32;
    /// A graph file. flags: TENON_GRAPH_PRUNE. file: its name in messages. @since 1.0 @threads any @blocks yes @owns *out: tenon_graph_destroy
    /// @errors NOT_FOUND and those of add_node, with file, line and column
    pub fn tenon_graph_parse(context: *mut tenon_context, text: *const c_char, length: usize, file: *const c_char, file_length: usize,
        flags: u32, out: *mut *mut tenon_graph, error: *mut *mut tenon_error) -> i32;
    /// The graph as a file's text. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_graph_to_yaml(graph: *const tenon_graph, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_graph_destroy
    pub fn tenon_graph_from_operator(context: *mut tenon_context, source: *const tenon_operator_source, out: *mut *mut tenon_graph, error:
        *mut *mut tenon_error) -> i32;
    /// The path of the parameter file that the graph file names (`file:`), or "". Lent. @since 1.0 @threads any @blocks no
    pub fn tenon_graph_get_params_file(graph: *const tenon_graph, length: *mut usize) -> *const c_char;
    /// A .safetensors or .irpa file, mapped. @since 1.0 @threads any @blocks yes @owns *out: tenon_params_destroy @errors NOT_FOUND DATA_LOSS
    pub fn tenon_params_open(context: *mut tenon_context, path: *const c_char, length: usize, out: *mut *mut tenon_params, error: *mut *mut
        tenon_error) -> i32;
    /// After the programs and modules that use it. @since 1.0 @threads exclusive @blocks no
    pub fn tenon_params_destroy(params: *mut tenon_params);
    /// @since 1.0 @threads any @blocks no
    pub fn tenon_params_get_count(params: *const tenon_params) -> usize;
    /// Tensor number `index`, sorted by name: its name (lent) and a read-only view (dtype TENON_DTYPE_INVALID and rank 0 if the file does not
    /// say or the dtype is none of ours). @since 1.0 @threads any @blocks no @errors OUT_OF_RANGE
    pub fn tenon_params_get(params: *const tenon_params, index: usize, name: *mut *const c_char, length: *mut usize, out: *mut
        tenon_tensor_view, error: *mut *mut tenon_error) -> i32;
    /// Writes the tensors that the graph declares as parameters, taken from `params`, to a .irpa or .safetensors file.
    /// @since 1.0 @threads any @blocks yes @errors NOT_FOUND (a parameter)
    pub fn tenon_params_write(graph: *const tenon_graph, params: *const tenon_params, path: *const c_char, length: usize, error: *mut *mut
        tenon_error) -> i32;
    /// A built-in target ("iree"), or a profile's path that ends in .yaml. @since 1.0 @threads any @blocks yes @owns *out: tenon_target_release
    /// @errors NOT_FOUND
    pub fn tenon_target_find(context: *mut tenon_context, name: *const c_char, length: usize, out: *mut *mut tenon_target, error: *mut *mut
        tenon_error) -> i32;
    /// The profile's text: a user edits a copy of it. Lent. @since 1.0 @threads any @blocks no
    pub fn tenon_target_get_yaml(target: *const tenon_target, length: *mut usize) -> *const c_char;
    /// @since 1.0 @threads any @blocks no
    pub fn tenon_target_release(target: *mut tenon_target);
    /// The graph as StableHLO for a target, verified. options may be NULL. @since 1.0 @threads any @blocks yes @owns *out: tenon_module_release
    /// @errors FAILED_PRECONDITION (parameters needed) DEPENDENCY_MISSING UNIMPLEMENTED
    pub fn tenon_graph_lower(graph: *const tenon_graph, target: *const tenon_target, options: *const tenon_lower_options, out: *mut *mut
        tenon_module, error: *mut *mut tenon_error) -> i32;
    /// StableHLO text. Equal modules, equal bytes. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_module_print(module: *const tenon_module, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// What became of each operator, and why. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_module_decisions_json(module: *const tenon_module, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// @since 1.0 @threads any @blocks no
    pub fn tenon_module_release(module: *mut tenon_module);
    /// Plans a graph: kernels chosen, buffers assigned. A graph whose inputs have dynamic dimensions is planned when their sizes are known: by
    /// each run, from its inputs, or by tenon_program_bind. What was planned for some sizes is kept for the next run with them. options may be
    /// NULL. The context, and params, must outlive the program. @since 1.0 @threads any @blocks yes @owns *out: tenon_program_destroy
    /// @errors NOT_FOUND (a parameter) FAILED_PRECONDITION (strict)
    pub fn tenon_graph_compile(graph: *const tenon_graph, options: *const tenon_program_options, out: *mut *mut tenon_program, error: *mut
        *mut tenon_error) -> i32;
    /// The program for inputs of these types, in order, every size known: so that the outputs' types, the plan and the reports can be asked for
    /// before the first run. It shares what is planned with `program` and may outlive it. @since 1.0 @threads any @blocks yes
    /// @owns *out: tenon_program_destroy @errors INVALID_ARGUMENT (a type that the graph does not allow) and what inference says
    pub fn tenon_program_bind(program: *const tenon_program, inputs: *const tenon_type_view, input_count: usize, out: *mut *mut
        tenon_program, error: *mut *mut tenon_error) -> i32;
    /// @since 1.0 @threads exclusive @blocks no
    pub fn tenon_program_destroy(program: *mut tenon_program);
    /// @since 1.0 @threads any @blocks no
    pub fn tenon_program_get_input_count(program: *const tenon_program) -> usize;
    /// @since 1.0 @threads any @blocks no
    pub fn tenon_program_get_output_count(program: *const tenon_program) -> usize;
    /// Name (lent) and type of an input or output; sizes that are not bound are TENON_DYNAMIC. @since 1.0 @threads any @blocks no @errors
    /// OUT_OF_RANGE
    pub fn tenon_program_get_input(program: *const tenon_program, index: usize, name: *mut *const c_char, length: *mut usize, type_: *mut
        tenon_type_view, error: *mut *mut tenon_error) -> i32;
    /// Name (lent) and type of an input or output; sizes that are not bound are TENON_DYNAMIC. @since 1.0 @threads any @blocks no @errors
    /// OUT_OF_RANGE
    pub fn tenon_program_get_output(program: *const tenon_program, index: usize, name: *mut *const c_char, length: *mut usize, type_: *mut
        tenon_type_view, error: *mut *mut tenon_error) -> i32;
    /// Runs the program on the caller's memory. Views: any strides (inputs), any alignment; an output may be the very same memory as an input,
    /// and else overlaps none. No allocation after the first run of a thread. options may be NULL.
    /// @since 1.0 @threads any @blocks yes @errors CANCELLED FP_ENV_CHANGED and what a kernel reports
    pub fn tenon_program_run(program: *const tenon_program, inputs: *const tenon_tensor_view, input_count: usize, outputs: *const
        tenon_tensor_view, output_count: usize, options: *const tenon_run_options, error: *mut *mut tenon_error) -> i32;
    /// How many steps there are, for step_nanoseconds; 0 while sizes are not bound. @since 1.0 @threads any @blocks no
    pub fn tenon_program_get_step_count(program: *const tenon_program) -> usize;
    /// The plan for a person: steps, kernels, buffers. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_program_print(program: *const tenon_program, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// What runs where: {"steps": [{"index", "node", "op", "kernel", "plugin", "level", "dtype", "shapes", "bytes", "flops"}], "memory", ..}; of
    /// a program with TENON_PROGRAM_TIMELINE also {"timeline": {"us", "threads", "steps", "parts"}} of the last run with step_nanoseconds.
    /// @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_program_report_json(program: *const tenon_program, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// Every candidate kernel of every step: chosen, or the rule that removed it and the remedy.
    /// @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release
    pub fn tenon_program_explain_json(program: *const tenon_program, out: *mut *mut tenon_blob, error: *mut *mut tenon_error) -> i32;
    /// Zeroed, compact, aligned to 64 bytes. @since 1.0 @threads any @blocks no @owns *out: tenon_tensor_destroy
    pub fn tenon_tensor_create(context: *mut tenon_context, type_: *const tenon_type_view, out: *mut *mut tenon_tensor, error: *mut *mut
        tenon_error) -> i32;
    /// A .npy file, as that dtype (TENON_DTYPE_INVALID: the file's own). Nothing is converted.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_tensor_destroy @errors NOT_FOUND DATA_LOSS
    pub fn tenon_tensor_load(context: *mut tenon_context, path: *const c_char, length: usize, dtype: tenon_dtype, out: *mut *mut
        tenon_tensor, error: *mut *mut tenon_error) -> i32;
    /// A view of the tensor's memory. Lent. @since 1.0 @threads any @blocks no
    pub fn tenon_tensor_get_view(tensor: *const tenon_tensor, out: *mut tenon_tensor_view, error: *mut *mut tenon_error) -> i32;
    /// Draws values from a seed: floats N(0, 1), integers small, booleans even odds. Equal seeds, equal bytes, on every machine.
    /// @since 1.0 @threads exclusive @blocks no
    pub fn tenon_tensor_fill_random(tensor: *mut tenon_tensor, seed: u64, error: *mut *mut tenon_error) -> i32;
    /// @since 1.0 @threads exclusive @blocks no
    pub fn tenon_tensor_destroy(tensor: *mut tenon_tensor);
    /// Writes any view to a .npy file, by temporary file and rename. @since 1.0 @threads any @blocks yes
    pub fn tenon_view_save(view: *const tenon_tensor_view, path: *const c_char, length: usize, error: *mut *mut tenon_error) -> i32;
    /// Writes named views to a .safetensors file. names: NUL-terminated. @since 1.0 @threads any @blocks yes
    pub fn tenon_views_save(views: *const tenon_tensor_view, names: *const *const c_char, count: usize, path: *const c_char, length: usize,
        error: *mut *mut tenon_error) -> i32;
    /// An element as text and as a double, by row-major index: for reports. @since 1.0 @threads any @blocks no @errors OUT_OF_RANGE
    pub fn tenon_view_get_element(view: *const tenon_tensor_view, index: i64, out: *mut f64, error: *mut *mut tenon_error) -> i32;
    /// "bf16" -> TENON_BF16; INVALID if there is no such dtype. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_dtype_from_name(name: *const c_char, length: usize) -> tenon_dtype;
    /// "bf16"; "invalid". Lives for the process. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_dtype_name(dtype: tenon_dtype) -> *const c_char;
    /// Bytes per element in memory; 0 for no dtype. @since 1.0 @threads any @blocks no @reenter yes
    pub fn tenon_dtype_size(dtype: tenon_dtype) -> usize;
    /// Takes a DLPack tensor without a copy; its deleter is called when the tensor is destroyed, and also when this fails. A major version other
    /// than 1 is refused after calling the deleter and nothing else. @since 1.0 @threads any @blocks no @owns *out: tenon_tensor_destroy
    /// @errors INCOMPATIBLE UNIMPLEMENTED (device, dtype)
    pub fn tenon_tensor_from_dlpack(context: *mut tenon_context, managed: *mut DLManagedTensorVersioned, out: *mut *mut tenon_tensor, error:
        *mut *mut tenon_error) -> i32;
    /// Takes a DLPack tensor without a copy; its deleter is called when the tensor is destroyed, and also when this fails. A major version other
    /// than 1 is refused after calling the deleter and nothing else. @since 1.0 @threads any @blocks no @owns *out: tenon_tensor_destroy
    /// @errors INCOMPATIBLE UNIMPLEMENTED (device, dtype)
    pub fn tenon_tensor_from_dlpack_legacy(context: *mut tenon_context, managed: *mut DLManagedTensor, out: *mut *mut tenon_tensor, error:
        *mut *mut tenon_error) -> i32;
    /// Hands the tensor out; *out shares its memory, and keeps it alive until its deleter is called.
    /// @since 1.0 @threads any @blocks no @owns *out: (*out)->deleter(*out)
    pub fn tenon_tensor_to_dlpack(tensor: *const tenon_tensor, out: *mut *mut DLManagedTensorVersioned, error: *mut *mut tenon_error) ->
        i32;
    /// The same in the unversioned form, for consumers that know no other. It cannot say read-only: such a tensor is refused.
    /// @since 1.0 @threads any @blocks no @owns *out: (*out)->deleter(*out) @errors FAILED_PRECONDITION (read-only)
    pub fn tenon_tensor_to_dlpack_legacy(tensor: *const tenon_tensor, out: *mut *mut DLManagedTensor, error: *mut *mut tenon_error) -> i32;
    /// An operator's cases, kernel against interpreted lowering: a row per case with error and bound. *failed (may be NULL): how many broke it.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors NOT_FOUND
    pub fn tenon_verify_operator_json(context: *mut tenon_context, op: *const c_char, length: usize, options: *const tenon_verify_options,
        out: *mut *mut tenon_blob, failed: *mut u32, error: *mut *mut tenon_error) -> i32;
    /// A graph on inputs drawn from the seed: each kernel step against the interpreter on the same inputs. params may be NULL.
    /// @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release
    pub fn tenon_verify_graph_json(graph: *const tenon_graph, params: *const tenon_params, options: *const tenon_verify_options, out: *mut
        *mut tenon_blob, failed: *mut u32, error: *mut *mut tenon_error) -> i32;
}
