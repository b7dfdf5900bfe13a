// The layout of every public struct, frozen: never edited after a release, only extended. Compiled as part of libtenon, and by tests/abi
// for other architectures with `clang --target=.. -ffreestanding -fsyntax-only`, so it includes no C++ header.
//
// Three layouts: 64-bit pointers (x86_64, arm64, riscv64, s390x); 32-bit pointers with 8-byte integers aligned to 4 (i386) and to 8
// (armhf).
#include "tenon/tenon.h"

namespace {

struct AlignOfInt64 {
  char first;
  int64_t second;
};

#if UINTPTR_MAX > 0xFFFFFFFFu
#define PICK(lp64, ilp32_4, ilp32_8) (lp64)
#else
#define PICK(lp64, ilp32_4, ilp32_8) (offsetof(AlignOfInt64, second) == 4 ? (ilp32_4) : (ilp32_8))
#endif
#define STRUCT(type, lp64, ilp32_4, ilp32_8) static_assert(sizeof(type) == PICK(lp64, ilp32_4, ilp32_8), "size of " #type)
#define FIELD(type, field, lp64, ilp32_4, ilp32_8) \
  static_assert(offsetof(type, field) == PICK(lp64, ilp32_4, ilp32_8), "offset of " #type "." #field)
// No padding behind the last member, where a new field could hide without changing the size.
#if UINTPTR_MAX > 0xFFFFFFFFu
#define ENDS(type, field) static_assert(offsetof(type, field) + sizeof(type::field) == sizeof(type), #type " has a padded tail")
#else
#define ENDS(type, field) static_assert(sizeof(type) > 0, "")
#endif

// clang-format off
STRUCT(tenon_header, 16, 12, 12);
FIELD(tenon_header, struct_size, 0, 0, 0);
FIELD(tenon_header, struct_kind, 4, 4, 4);
FIELD(tenon_header, next, 8, 8, 8);
ENDS(tenon_header, next);
STRUCT(tenon_tensor_view, 40, 28, 28);
FIELD(tenon_tensor_view, data, 0, 0, 0);
FIELD(tenon_tensor_view, dims, 8, 4, 4);
FIELD(tenon_tensor_view, strides, 16, 8, 8);
FIELD(tenon_tensor_view, rank, 24, 12, 12);
FIELD(tenon_tensor_view, dtype, 28, 16, 16);
FIELD(tenon_tensor_view, flags, 32, 20, 20);
FIELD(tenon_tensor_view, reserved0, 36, 24, 24);
ENDS(tenon_tensor_view, reserved0);
STRUCT(tenon_attr, 80, 52, 56);
FIELD(tenon_attr, name, 0, 0, 0);
FIELD(tenon_attr, name_length, 8, 4, 4);
FIELD(tenon_attr, kind, 16, 8, 8);
FIELD(tenon_attr, flags, 20, 12, 12);
FIELD(tenon_attr, i64, 24, 16, 16);
FIELD(tenon_attr, f64, 32, 24, 24);
FIELD(tenon_attr, text, 40, 32, 32);
FIELD(tenon_attr, i64s, 48, 36, 36);
FIELD(tenon_attr, f64s, 56, 40, 40);
FIELD(tenon_attr, items, 64, 44, 44);
FIELD(tenon_attr, count, 72, 48, 48);
ENDS(tenon_attr, count);
STRUCT(tenon_type_view, 16, 12, 12);
FIELD(tenon_type_view, dims, 0, 0, 0);
FIELD(tenon_type_view, rank, 8, 4, 4);
FIELD(tenon_type_view, dtype, 12, 8, 8);
ENDS(tenon_type_view, dtype);
STRUCT(tenon_hlo_op, 80, 44, 44);
FIELD(tenon_hlo_op, header, 0, 0, 0);
FIELD(tenon_hlo_op, name, 16, 12, 12);
FIELD(tenon_hlo_op, name_length, 24, 16, 16);
FIELD(tenon_hlo_op, operands, 32, 20, 20);
FIELD(tenon_hlo_op, operand_count, 40, 24, 24);
FIELD(tenon_hlo_op, attributes, 48, 28, 28);
FIELD(tenon_hlo_op, attribute_count, 56, 32, 32);
FIELD(tenon_hlo_op, result_types, 64, 36, 36);
FIELD(tenon_hlo_op, result_type_count, 72, 40, 40);
ENDS(tenon_hlo_op, result_type_count);
STRUCT(tenon_operator_use, 72, 44, 44);
FIELD(tenon_operator_use, header, 0, 0, 0);
FIELD(tenon_operator_use, name, 16, 12, 12);
FIELD(tenon_operator_use, name_length, 24, 16, 16);
FIELD(tenon_operator_use, operands, 32, 20, 20);
FIELD(tenon_operator_use, operand_count, 40, 24, 24);
FIELD(tenon_operator_use, attributes, 48, 28, 28);
FIELD(tenon_operator_use, attribute_count, 56, 32, 32);
FIELD(tenon_operator_use, carrier, 64, 36, 36);
FIELD(tenon_operator_use, reserved0, 68, 40, 40);
ENDS(tenon_operator_use, reserved0);
STRUCT(tenon_machine, 56, 48, 56);
FIELD(tenon_machine, header, 0, 0, 0);
FIELD(tenon_machine, threads, 16, 12, 12);
FIELD(tenon_machine, reserved0, 20, 16, 16);
FIELD(tenon_machine, l1d_bytes, 24, 20, 24);
FIELD(tenon_machine, l2_bytes, 32, 28, 32);
FIELD(tenon_machine, l3_bytes, 40, 36, 40);
FIELD(tenon_machine, level, 48, 44, 48);
ENDS(tenon_machine, level);
STRUCT(tenon_host_api, 240, 128, 128);
FIELD(tenon_host_api, header, 0, 0, 0);
FIELD(tenon_host_api, api_major, 16, 12, 12);
FIELD(tenon_host_api, api_minor, 20, 16, 16);
FIELD(tenon_host_api, alloc, 24, 20, 20);
FIELD(tenon_host_api, realloc, 32, 24, 24);
FIELD(tenon_host_api, free, 40, 28, 28);
FIELD(tenon_host_api, scratch, 48, 32, 32);
FIELD(tenon_host_api, error_set, 56, 36, 36);
FIELD(tenon_host_api, log_enabled, 64, 40, 40);
FIELD(tenon_host_api, log, 72, 44, 44);
FIELD(tenon_host_api, node_operator, 80, 48, 48);
FIELD(tenon_host_api, node_name, 88, 52, 52);
FIELD(tenon_host_api, node_operand_count, 96, 56, 56);
FIELD(tenon_host_api, node_operand, 104, 60, 60);
FIELD(tenon_host_api, node_result_count, 112, 64, 64);
FIELD(tenon_host_api, node_result, 120, 68, 68);
FIELD(tenon_host_api, node_attr, 128, 72, 72);
FIELD(tenon_host_api, infer_result, 136, 76, 76);
FIELD(tenon_host_api, build_operand, 144, 80, 80);
FIELD(tenon_host_api, build_type, 152, 84, 84);
FIELD(tenon_host_api, build_op, 160, 88, 88);
FIELD(tenon_host_api, build_constant, 168, 92, 92);
FIELD(tenon_host_api, build_region_begin, 176, 96, 96);
FIELD(tenon_host_api, build_region_end, 184, 100, 100);
FIELD(tenon_host_api, build_operator, 192, 104, 104);
FIELD(tenon_host_api, build_return, 200, 108, 108);
FIELD(tenon_host_api, parallel_for, 208, 112, 112);
FIELD(tenon_host_api, cancelled, 216, 116, 116);
FIELD(tenon_host_api, machine, 224, 120, 120);
FIELD(tenon_host_api, get_extension, 232, 124, 124);
ENDS(tenon_host_api, get_extension);
STRUCT(tenon_kernel_plan, 88, 64, 64);
FIELD(tenon_kernel_plan, header, 0, 0, 0);
FIELD(tenon_kernel_plan, state, 16, 12, 12);
FIELD(tenon_kernel_plan, workspace_bytes, 24, 16, 16);
FIELD(tenon_kernel_plan, workspace_align, 32, 20, 20);
FIELD(tenon_kernel_plan, result0_may_alias, 40, 24, 24);
FIELD(tenon_kernel_plan, result1_may_alias, 48, 32, 32);
FIELD(tenon_kernel_plan, bytes, 56, 40, 40);
FIELD(tenon_kernel_plan, flops, 64, 48, 48);
FIELD(tenon_kernel_plan, note, 72, 56, 56);
FIELD(tenon_kernel_plan, note_length, 80, 60, 60);
ENDS(tenon_kernel_plan, note_length);
STRUCT(tenon_kernel, 96, 56, 56);
FIELD(tenon_kernel, header, 0, 0, 0);
FIELD(tenon_kernel, name, 16, 12, 12);
FIELD(tenon_kernel, name_length, 24, 16, 16);
FIELD(tenon_kernel, level, 32, 20, 20);
FIELD(tenon_kernel, level_length, 40, 24, 24);
FIELD(tenon_kernel, flags, 48, 28, 28);
FIELD(tenon_kernel, reserved0, 52, 32, 32);
FIELD(tenon_kernel, table, 56, 36, 36);
FIELD(tenon_kernel, supports, 64, 40, 40);
FIELD(tenon_kernel, plan, 72, 44, 44);
FIELD(tenon_kernel, run, 80, 48, 48);
FIELD(tenon_kernel, plan_destroy, 88, 52, 52);
ENDS(tenon_kernel, plan_destroy);
STRUCT(tenon_operator, 88, 52, 52);
FIELD(tenon_operator, header, 0, 0, 0);
FIELD(tenon_operator, name, 16, 12, 12);
FIELD(tenon_operator, name_length, 24, 16, 16);
FIELD(tenon_operator, version, 32, 20, 20);
FIELD(tenon_operator, flags, 36, 24, 24);
FIELD(tenon_operator, infer, 40, 28, 28);
FIELD(tenon_operator, lower, 48, 32, 32);
FIELD(tenon_operator, lower_as, 56, 36, 36);
FIELD(tenon_operator, kernels, 64, 40, 40);
FIELD(tenon_operator, kernel_count, 72, 44, 44);
FIELD(tenon_operator, user, 80, 48, 48);
ENDS(tenon_operator, user);
STRUCT(tenon_host_info, 96, 80, 88);
FIELD(tenon_host_info, header, 0, 0, 0);
FIELD(tenon_host_info, api_major, 16, 12, 12);
FIELD(tenon_host_info, api_minor_min, 20, 16, 16);
FIELD(tenon_host_info, api_minor_max, 24, 20, 20);
FIELD(tenon_host_info, sanitizer, 28, 24, 24);
FIELD(tenon_host_info, pointer_bytes, 32, 28, 28);
FIELD(tenon_host_info, little_endian, 36, 32, 32);
FIELD(tenon_host_info, cpu_features, 40, 36, 40);
FIELD(tenon_host_info, version, 72, 68, 72);
FIELD(tenon_host_info, version_length, 80, 72, 76);
FIELD(tenon_host_info, api, 88, 76, 80);
ENDS(tenon_host_info, api);
STRUCT(tenon_plugin_info, 144, 88, 96);
FIELD(tenon_plugin_info, header, 0, 0, 0);
FIELD(tenon_plugin_info, api_minor_built, 16, 12, 12);
FIELD(tenon_plugin_info, api_minor_required, 20, 16, 16);
FIELD(tenon_plugin_info, api_minor_chosen, 24, 20, 20);
FIELD(tenon_plugin_info, sanitizer, 28, 24, 24);
FIELD(tenon_plugin_info, name, 32, 28, 28);
FIELD(tenon_plugin_info, name_length, 40, 32, 32);
FIELD(tenon_plugin_info, version, 48, 36, 36);
FIELD(tenon_plugin_info, version_length, 56, 40, 40);
FIELD(tenon_plugin_info, runtime, 64, 44, 44);
FIELD(tenon_plugin_info, runtime_length, 72, 48, 48);
FIELD(tenon_plugin_info, features, 80, 52, 56);
FIELD(tenon_plugin_info, create, 88, 60, 64);
FIELD(tenon_plugin_info, destroy, 96, 64, 68);
FIELD(tenon_plugin_info, thread_exit, 104, 68, 72);
FIELD(tenon_plugin_info, operators, 112, 72, 76);
FIELD(tenon_plugin_info, operator_count, 120, 76, 80);
FIELD(tenon_plugin_info, importers, 128, 80, 84);
FIELD(tenon_plugin_info, importer_count, 136, 84, 88);
ENDS(tenon_plugin_info, importer_count);
STRUCT(tenon_allocator, 48, 28, 28);
FIELD(tenon_allocator, header, 0, 0, 0);
FIELD(tenon_allocator, user, 16, 12, 12);
FIELD(tenon_allocator, allocate, 24, 16, 16);
FIELD(tenon_allocator, reallocate, 32, 20, 20);
FIELD(tenon_allocator, release, 40, 24, 24);
ENDS(tenon_allocator, release);
STRUCT(tenon_thread_pool, 40, 28, 28);
FIELD(tenon_thread_pool, header, 0, 0, 0);
FIELD(tenon_thread_pool, user, 16, 12, 12);
FIELD(tenon_thread_pool, threads, 24, 16, 16);
FIELD(tenon_thread_pool, reserved0, 28, 20, 20);
FIELD(tenon_thread_pool, parallel_for, 32, 24, 24);
ENDS(tenon_thread_pool, parallel_for);
STRUCT(tenon_context_options, 80, 52, 52);
FIELD(tenon_context_options, header, 0, 0, 0);
FIELD(tenon_context_options, flags, 16, 12, 12);
FIELD(tenon_context_options, threads, 20, 16, 16);
FIELD(tenon_context_options, arch, 24, 20, 20);
FIELD(tenon_context_options, arch_length, 32, 24, 24);
FIELD(tenon_context_options, log, 40, 28, 28);
FIELD(tenon_context_options, log_user, 48, 32, 32);
FIELD(tenon_context_options, log_level, 56, 36, 36);
FIELD(tenon_context_options, reserved0, 60, 40, 40);
FIELD(tenon_context_options, allocator, 64, 44, 44);
FIELD(tenon_context_options, thread_pool, 72, 48, 48);
ENDS(tenon_context_options, thread_pool);
STRUCT(tenon_node_request, 88, 48, 48);
FIELD(tenon_node_request, header, 0, 0, 0);
FIELD(tenon_node_request, name, 16, 12, 12);
FIELD(tenon_node_request, name_length, 24, 16, 16);
FIELD(tenon_node_request, op, 32, 20, 20);
FIELD(tenon_node_request, op_length, 40, 24, 24);
FIELD(tenon_node_request, operands, 48, 28, 28);
FIELD(tenon_node_request, operand_count, 56, 32, 32);
FIELD(tenon_node_request, operand_names, 64, 36, 36);
FIELD(tenon_node_request, attributes, 72, 40, 40);
FIELD(tenon_node_request, attribute_count, 80, 44, 44);
ENDS(tenon_node_request, attribute_count);
STRUCT(tenon_operator_source, 80, 44, 44);
FIELD(tenon_operator_source, header, 0, 0, 0);
FIELD(tenon_operator_source, op, 16, 12, 12);
FIELD(tenon_operator_source, op_length, 24, 16, 16);
FIELD(tenon_operator_source, dtype, 32, 20, 20);
FIELD(tenon_operator_source, dtype_length, 40, 24, 24);
FIELD(tenon_operator_source, shapes, 48, 28, 28);
FIELD(tenon_operator_source, shapes_length, 56, 32, 32);
FIELD(tenon_operator_source, attributes, 64, 36, 36);
FIELD(tenon_operator_source, attribute_count, 72, 40, 40);
ENDS(tenon_operator_source, attribute_count);
STRUCT(tenon_lower_options, 24, 16, 16);
FIELD(tenon_lower_options, header, 0, 0, 0);
FIELD(tenon_lower_options, params, 16, 12, 12);
ENDS(tenon_lower_options, params);
STRUCT(tenon_program_options, 56, 40, 48);
FIELD(tenon_program_options, header, 0, 0, 0);
FIELD(tenon_program_options, flags, 16, 12, 12);
FIELD(tenon_program_options, reserved0, 20, 16, 16);
FIELD(tenon_program_options, max_ulp, 24, 20, 24);
FIELD(tenon_program_options, params, 32, 28, 32);
FIELD(tenon_program_options, pinned_plugin, 40, 32, 36);
FIELD(tenon_program_options, pinned_plugin_length, 48, 36, 40);
ENDS(tenon_program_options, pinned_plugin_length);
STRUCT(tenon_run_options, 40, 24, 24);
FIELD(tenon_run_options, header, 0, 0, 0);
FIELD(tenon_run_options, step_nanoseconds, 16, 12, 12);
FIELD(tenon_run_options, step_capacity, 24, 16, 16);
FIELD(tenon_run_options, cancel, 32, 20, 20);
ENDS(tenon_run_options, cancel);
STRUCT(tenon_verify_options, 64, 44, 48);
FIELD(tenon_verify_options, header, 0, 0, 0);
FIELD(tenon_verify_options, dtype, 16, 12, 12);
FIELD(tenon_verify_options, dtype_length, 24, 16, 16);
FIELD(tenon_verify_options, seed, 32, 20, 24);
FIELD(tenon_verify_options, random_cases, 40, 28, 32);
FIELD(tenon_verify_options, reserved0, 44, 32, 36);
FIELD(tenon_verify_options, export_folder, 48, 36, 40);
FIELD(tenon_verify_options, export_folder_length, 56, 40, 44);
ENDS(tenon_verify_options, export_folder_length);
STRUCT(DLTensor, 48, 36, 40);
FIELD(DLTensor, data, 0, 0, 0);
FIELD(DLTensor, device, 8, 4, 4);
FIELD(DLTensor, ndim, 16, 12, 12);
FIELD(DLTensor, dtype, 20, 16, 16);
FIELD(DLTensor, shape, 24, 20, 20);
FIELD(DLTensor, strides, 32, 24, 24);
FIELD(DLTensor, byte_offset, 40, 28, 32);
ENDS(DLTensor, byte_offset);
STRUCT(DLManagedTensor, 64, 44, 48);
FIELD(DLManagedTensor, dl_tensor, 0, 0, 0);
FIELD(DLManagedTensor, manager_ctx, 48, 36, 40);
FIELD(DLManagedTensor, deleter, 56, 40, 44);
ENDS(DLManagedTensor, deleter);
STRUCT(DLManagedTensorVersioned, 80, 60, 64);
FIELD(DLManagedTensorVersioned, version, 0, 0, 0);
FIELD(DLManagedTensorVersioned, manager_ctx, 8, 8, 8);
FIELD(DLManagedTensorVersioned, deleter, 16, 12, 12);
FIELD(DLManagedTensorVersioned, flags, 24, 16, 16);
FIELD(DLManagedTensorVersioned, dl_tensor, 32, 24, 24);
ENDS(DLManagedTensorVersioned, dl_tensor);  // clang-format on

// Numbers that are ABI.
static_assert(TENON_F64 == 17 && TENON_I1 == 1 && TENON_BF16 == 15, "dtype numbers");
static_assert(TENON_INCOMPATIBLE == 18 && TENON_PLUGIN_REJECTED == 100 && TENON_FP_ENV_CHANGED == 108, "codes");
static_assert(TENON_ATTR_DICT == 10, "attribute kinds");
static_assert(sizeof(tenon_dtype) == 4 && sizeof(tenon_value) == 4 && sizeof(tenon_hlo_value) == 4, "plain numbers");

}  // namespace
