//! Sizes and alignments that a C compiler gives the structs, with 64-bit pointers. Written by generate.py.
use crate::*;
use core::mem::{align_of, size_of};

const _: () = assert!(size_of::<tenon_header>() == 16 && align_of::<tenon_header>() == 8);
const _: () = assert!(size_of::<tenon_tensor_view>() == 40 && align_of::<tenon_tensor_view>() == 8);
const _: () = assert!(size_of::<tenon_attr>() == 80 && align_of::<tenon_attr>() == 8);
const _: () = assert!(size_of::<tenon_type_view>() == 16 && align_of::<tenon_type_view>() == 8);
const _: () = assert!(size_of::<tenon_hlo_op>() == 80 && align_of::<tenon_hlo_op>() == 8);
const _: () = assert!(size_of::<tenon_operator_use>() == 72 && align_of::<tenon_operator_use>() == 8);
const _: () = assert!(size_of::<tenon_machine>() == 56 && align_of::<tenon_machine>() == 8);
const _: () = assert!(size_of::<tenon_host_api>() == 240 && align_of::<tenon_host_api>() == 8);
const _: () = assert!(size_of::<tenon_kernel_plan>() == 88 && align_of::<tenon_kernel_plan>() == 8);
const _: () = assert!(size_of::<tenon_kernel>() == 96 && align_of::<tenon_kernel>() == 8);
const _: () = assert!(size_of::<tenon_operator>() == 88 && align_of::<tenon_operator>() == 8);
const _: () = assert!(size_of::<tenon_host_info>() == 96 && align_of::<tenon_host_info>() == 8);
const _: () = assert!(size_of::<tenon_plugin_info>() == 144 && align_of::<tenon_plugin_info>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_allocator>() == 48 && align_of::<tenon_allocator>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_thread_pool>() == 40 && align_of::<tenon_thread_pool>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_context_options>() == 80 && align_of::<tenon_context_options>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_node_request>() == 88 && align_of::<tenon_node_request>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_operator_source>() == 80 && align_of::<tenon_operator_source>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_lower_options>() == 24 && align_of::<tenon_lower_options>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_program_options>() == 56 && align_of::<tenon_program_options>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_run_options>() == 40 && align_of::<tenon_run_options>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<DLPackVersion>() == 8 && align_of::<DLPackVersion>() == 4);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<DLDevice>() == 8 && align_of::<DLDevice>() == 4);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<DLDataType>() == 4 && align_of::<DLDataType>() == 2);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<DLTensor>() == 48 && align_of::<DLTensor>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<DLManagedTensor>() == 64 && align_of::<DLManagedTensor>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<DLManagedTensorVersioned>() == 80 && align_of::<DLManagedTensorVersioned>() == 8);
#[cfg(feature = "host")]
const _: () = assert!(size_of::<tenon_verify_options>() == 64 && align_of::<tenon_verify_options>() == 8);
