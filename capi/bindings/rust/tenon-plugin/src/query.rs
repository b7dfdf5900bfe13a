//! The answer to the host's question what this plugin is.
use crate::host;
use crate::manifest::REQUIRED_MINOR;
use crate::operator::OperatorTable;
use std::mem::size_of;
use tenon_sys::*;

/// A plugin linked into a program. Made by [`static_plugin!`](crate::static_plugin).
#[derive(Debug)]
pub struct StaticPlugin {
    /// What the host asks, for `tenon_context_add_static_plugin`.
    pub query: unsafe extern "C" fn(host: *const tenon_host_info, out: *mut tenon_plugin_info) -> i32,
    /// The manifest's text.
    pub manifest: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its operators.
    pub operators: &'static [&'static OperatorTable],
}

/// Fills in the host's struct. Pure but for keeping the host's table.
///
/// # Safety
/// Called by a host, as `tenon/plugin.h` says.
#[allow(clippy::absurd_extreme_comparisons, clippy::unnecessary_min_or_max)] // the minors are 0 today
pub unsafe fn answer(plugin: &'static StaticPlugin, own_library: bool, host: *const tenon_host_info, out: *mut tenon_plugin_info) -> i32 {
    // The host's structs; every field read here is one of version 1.0.
    let api_minor_chosen = (*host).api_minor_max.min(TENON_PLUGIN_API_MINOR);
    let room = (*out).header.struct_size as usize;
    let filled = room.min(size_of::<tenon_plugin_info>());
    let answer = tenon_plugin_info {
        header: tenon_header { struct_size: filled as u32, struct_kind: TENON_KIND_PLUGIN_INFO, next: (*out).header.next },
        api_minor_built: TENON_PLUGIN_API_MINOR,
        api_minor_required: REQUIRED_MINOR,
        api_minor_chosen,
        sanitizer: TENON_SANITIZER_NONE,
        name: plugin.name.as_ptr().cast(),
        name_length: plugin.name.len(),
        version: plugin.version.as_ptr().cast(),
        version_length: plugin.version.len(),
        runtime: "rust".as_ptr().cast(),
        runtime_length: 4,
        operators: plugin.operators.as_ptr().cast(),
        operator_count: plugin.operators.len(),
        ..tenon_plugin_info::INIT
    };
    std::ptr::copy_nonoverlapping((&answer as *const tenon_plugin_info).cast::<u8>(), out.cast::<u8>(), filled);
    if (*host).api_major != TENON_PLUGIN_API_MAJOR || api_minor_chosen < REQUIRED_MINOR || api_minor_chosen < (*host).api_minor_min {
        return TENON_INCOMPATIBLE;
    }
    if !(*host).api.is_null() {
        host::set_host((*host).api);
        if own_library {
            host::own_the_hook();
        }
    }
    TENON_OK
}
