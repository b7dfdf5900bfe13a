//! The C headers of Tenon as Rust declarations: [`base`], [`plugin`], [`host`] and [`functions`] say what `tenon/base.h`, `tenon/plugin.h` and
//! `tenon/tenon.h` say, with their comments. `generate.py` writes them, and asserts the layout that a C compiler gives every struct.
//!
//! Most programs want the crate `tenon`, most plugins `tenon-plugin`. Both take from here what they share: [`types`] and [`attributes`].
//!
//! Feature `host` (default): the functions of `tenon/tenon.h`, and linking with libtenon, which `build.rs` finds through `TENON_LIB_DIR`
//! or `pkg-config`. Plugins turn it off.
#![allow(non_camel_case_types)]
#![allow(rustdoc::bare_urls, rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]

pub mod attributes;
#[rustfmt::skip]
pub mod base;
#[cfg(feature = "host")]
#[rustfmt::skip]
pub mod functions;
#[cfg(feature = "host")]
#[rustfmt::skip]
pub mod host;
#[cfg(target_pointer_width = "64")]
#[rustfmt::skip]
mod layout;
#[rustfmt::skip]
pub mod plugin;
mod narrow;
mod tensor_type;
pub mod types;

pub use base::*;
#[cfg(feature = "host")]
pub use functions::*;
#[cfg(feature = "host")]
pub use host::*;
pub use plugin::*;

/// The head of a struct of type `T`, as `TENON_HEADER_INIT` sets it.
pub const fn header_of<T>(kind: u32) -> tenon_header {
    tenon_header { struct_size: core::mem::size_of::<T>() as u32, struct_kind: kind, next: core::ptr::null() }
}
