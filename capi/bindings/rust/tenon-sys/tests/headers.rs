//! What C has: the offset of every field, with 64-bit pointers, and every function. Written by generate.py.
#![cfg(target_pointer_width = "64")]
use core::mem::MaybeUninit;
use core::ptr::addr_of;
use tenon_sys::*;

macro_rules! offsets {
    ($name:ident { $($field:ident: $offset:expr,)* }) => {{
        let memory = MaybeUninit::<$name>::uninit();
        let start = memory.as_ptr();
        $(assert_eq!(unsafe { addr_of!((*start).$field) } as usize - start as usize, $offset,
            concat!(stringify!($name), ".", stringify!($field)));)*
        // A field that is missing above does not compile.
        let _all = |value: $name| { let $name { $($field: _),* } = value; };
    }};
}

#[test]
fn every_field_is_where_c_has_it() {
    offsets!(tenon_header { struct_size: 0, struct_kind: 4, next: 8, });
    offsets!(tenon_tensor_view { data: 0, dims: 8, strides: 16, rank: 24, dtype: 28, flags: 32, reserved0: 36, });
    offsets!(tenon_attr { name: 0, name_length: 8, kind: 16, flags: 20, i64: 24, f64: 32, text: 40, i64s: 48, f64s: 56, items: 64, count: 72, });
    offsets!(tenon_type_view { dims: 0, rank: 8, dtype: 12, });
    offsets!(tenon_hlo_op { header: 0, name: 16, name_length: 24, operands: 32, operand_count: 40, attributes: 48, attribute_count: 56, result_types: 64, result_type_count: 72, });
    offsets!(tenon_operator_use { header: 0, name: 16, name_length: 24, operands: 32, operand_count: 40, attributes: 48, attribute_count: 56, carrier: 64, reserved0: 68, });
    offsets!(tenon_machine { header: 0, threads: 16, reserved0: 20, l1d_bytes: 24, l2_bytes: 32, l3_bytes: 40, level: 48, });
    offsets!(tenon_host_api { header: 0, api_major: 16, api_minor: 20, alloc: 24, realloc: 32, free: 40, scratch: 48, error_set: 56, log_enabled: 64, log: 72, node_operator: 80, node_name: 88, node_operand_count: 96, node_operand: 104, node_result_count: 112, node_result: 120, node_attr: 128, infer_result: 136, build_operand: 144, build_type: 152, build_op: 160, build_constant: 168, build_region_begin: 176, build_region_end: 184, build_operator: 192, build_return: 200, parallel_for: 208, cancelled: 216, machine: 224, get_extension: 232, });
    offsets!(tenon_kernel_plan { header: 0, state: 16, workspace_bytes: 24, workspace_align: 32, result0_may_alias: 40, result1_may_alias: 48, bytes: 56, flops: 64, note: 72, note_length: 80, });
    offsets!(tenon_kernel { header: 0, name: 16, name_length: 24, level: 32, level_length: 40, flags: 48, reserved0: 52, table: 56, supports: 64, plan: 72, run: 80, plan_destroy: 88, });
    offsets!(tenon_operator { header: 0, name: 16, name_length: 24, version: 32, flags: 36, infer: 40, lower: 48, lower_as: 56, kernels: 64, kernel_count: 72, user: 80, });
    offsets!(tenon_host_info { header: 0, api_major: 16, api_minor_min: 20, api_minor_max: 24, sanitizer: 28, pointer_bytes: 32, little_endian: 36, cpu_features: 40, version: 72, version_length: 80, api: 88, });
    offsets!(tenon_plugin_info { header: 0, api_minor_built: 16, api_minor_required: 20, api_minor_chosen: 24, sanitizer: 28, name: 32, name_length: 40, version: 48, version_length: 56, runtime: 64, runtime_length: 72, features: 80, create: 88, destroy: 96, thread_exit: 104, operators: 112, operator_count: 120, importers: 128, importer_count: 136, });
    #[cfg(feature = "host")]
    offsets!(tenon_allocator { header: 0, user: 16, allocate: 24, reallocate: 32, release: 40, });
    #[cfg(feature = "host")]
    offsets!(tenon_thread_pool { header: 0, user: 16, threads: 24, reserved0: 28, parallel_for: 32, });
    #[cfg(feature = "host")]
    offsets!(tenon_context_options { header: 0, flags: 16, threads: 20, arch: 24, arch_length: 32, log: 40, log_user: 48, log_level: 56, reserved0: 60, allocator: 64, thread_pool: 72, });
    #[cfg(feature = "host")]
    offsets!(tenon_node_request { header: 0, name: 16, name_length: 24, op: 32, op_length: 40, operands: 48, operand_count: 56, operand_names: 64, attributes: 72, attribute_count: 80, });
    #[cfg(feature = "host")]
    offsets!(tenon_operator_source { header: 0, op: 16, op_length: 24, dtype: 32, dtype_length: 40, shapes: 48, shapes_length: 56, attributes: 64, attribute_count: 72, });
    #[cfg(feature = "host")]
    offsets!(tenon_lower_options { header: 0, params: 16, });
    #[cfg(feature = "host")]
    offsets!(tenon_program_options { header: 0, flags: 16, reserved0: 20, max_ulp: 24, params: 32, pinned_plugin: 40, pinned_plugin_length: 48, });
    #[cfg(feature = "host")]
    offsets!(tenon_run_options { header: 0, step_nanoseconds: 16, step_capacity: 24, cancel: 32, });
    #[cfg(feature = "host")]
    offsets!(DLPackVersion { major: 0, minor: 4, });
    #[cfg(feature = "host")]
    offsets!(DLDevice { device_type: 0, device_id: 4, });
    #[cfg(feature = "host")]
    offsets!(DLDataType { code: 0, bits: 1, lanes: 2, });
    #[cfg(feature = "host")]
    offsets!(DLTensor { data: 0, device: 8, ndim: 16, dtype: 20, shape: 24, strides: 32, byte_offset: 40, });
    #[cfg(feature = "host")]
    offsets!(DLManagedTensor { dl_tensor: 0, manager_ctx: 48, deleter: 56, });
    #[cfg(feature = "host")]
    offsets!(DLManagedTensorVersioned { version: 0, manager_ctx: 8, deleter: 16, flags: 24, dl_tensor: 32, });
    #[cfg(feature = "host")]
    offsets!(tenon_verify_options { header: 0, dtype: 16, dtype_length: 24, seed: 32, random_cases: 40, reserved0: 44, export_folder: 48, export_folder_length: 56, });
}

#[cfg(feature = "host")]
#[test]
fn every_function_is_in_the_library() {
    let all = [
        tenon_version as *const (),
        tenon_error_get_code as *const (),
        tenon_code_name as *const (),
        tenon_error_get_text as *const (),
        tenon_error_get_position as *const (),
        tenon_error_get_cause as *const (),
        tenon_error_get_payload as *const (),
        tenon_error_get_json as *const (),
        tenon_error_get_report as *const (),
        tenon_error_release as *const (),
        tenon_blob_get_data as *const (),
        tenon_blob_release as *const (),
        tenon_context_create as *const (),
        tenon_context_destroy as *const (),
        tenon_context_add_plugin_path as *const (),
        tenon_context_add_manifest as *const (),
        tenon_context_add_static_plugin as *const (),
        tenon_context_allow_plugins as *const (),
        tenon_context_deny_plugins as *const (),
        tenon_after_fork_child as *const (),
        tenon_operators_json as *const (),
        tenon_plugins_json as *const (),
        tenon_plugin_preload as *const (),
        tenon_plugin_lint as *const (),
        tenon_targets_json as *const (),
        tenon_inspect_json as *const (),
        tenon_machine_json as *const (),
        tenon_graph_create as *const (),
        tenon_graph_destroy as *const (),
        tenon_graph_add_input as *const (),
        tenon_graph_add_param as *const (),
        tenon_graph_add_constant as *const (),
        tenon_graph_add_node as *const (),
        tenon_graph_add_output as *const (),
        tenon_graph_find_value as *const (),
        tenon_graph_get_type as *const (),
        tenon_graph_load as *const (),
        tenon_graph_parse as *const (),
        tenon_graph_to_yaml as *const (),
        tenon_graph_from_operator as *const (),
        tenon_graph_get_params_file as *const (),
        tenon_params_open as *const (),
        tenon_params_destroy as *const (),
        tenon_params_get_count as *const (),
        tenon_params_get as *const (),
        tenon_params_write as *const (),
        tenon_target_find as *const (),
        tenon_target_get_yaml as *const (),
        tenon_target_release as *const (),
        tenon_graph_lower as *const (),
        tenon_module_print as *const (),
        tenon_module_decisions_json as *const (),
        tenon_module_release as *const (),
        tenon_graph_compile as *const (),
        tenon_program_bind as *const (),
        tenon_program_destroy as *const (),
        tenon_program_get_input_count as *const (),
        tenon_program_get_output_count as *const (),
        tenon_program_get_input as *const (),
        tenon_program_get_output as *const (),
        tenon_program_run as *const (),
        tenon_program_get_step_count as *const (),
        tenon_program_print as *const (),
        tenon_program_report_json as *const (),
        tenon_program_explain_json as *const (),
        tenon_tensor_create as *const (),
        tenon_tensor_load as *const (),
        tenon_tensor_get_view as *const (),
        tenon_tensor_fill_random as *const (),
        tenon_tensor_destroy as *const (),
        tenon_view_save as *const (),
        tenon_views_save as *const (),
        tenon_view_get_element as *const (),
        tenon_dtype_from_name as *const (),
        tenon_dtype_name as *const (),
        tenon_dtype_size as *const (),
        tenon_tensor_from_dlpack as *const (),
        tenon_tensor_from_dlpack_legacy as *const (),
        tenon_tensor_to_dlpack as *const (),
        tenon_tensor_to_dlpack_legacy as *const (),
        tenon_verify_operator_json as *const (),
        tenon_verify_graph_json as *const (),
    ];
    assert!(all.iter().all(|function| !function.is_null()));
}
