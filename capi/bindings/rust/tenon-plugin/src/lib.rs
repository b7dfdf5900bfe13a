//! Operator plugins of Tenon in Rust.
//!
//! A plugin is a shared library beside a manifest. An operator in it has a type rule, a meaning (its lowering to StableHLO) and perhaps
//! kernels. The meaning is what counts: a kernel must compute the same, and `tenon verify` compares the two.
//!
//! ```no_run
//! use tenon_plugin::{Builder, Operator, Result};
//!
//! /// square(x) = x * x.
//! struct Square;
//!
//! impl Operator for Square {
//!     const NAME: &'static str = "square";
//!     fn lower(b: &Builder<'_>) -> Result<()> {
//!         let x = b.operand(0)?;
//!         b.finish(&[b.multiply(x, x)?])
//!     }
//! }
//!
//! tenon_plugin::plugin! { manifest: "../examples/square.tenon.yaml", operators: [Square] }
//! # fn main() {}
//! ```
//!
//! [`plugin!`] reads name and version from the manifest, exports the one symbol that the host looks for, and writes the note that ties the
//! library to the manifest. `examples/squareplus_glu.rs` is a plugin with a type rule of its own, an attribute and a kernel.
//!
//! # Errors and panics
//!
//! The functions return [`Result`]. A panic in any of them, or in a part of a [`Call::parallel_for`], is caught and becomes an `INTERNAL`
//! error with its message and place. That needs `panic = "unwind"`, which is Cargo's default.
#![deny(missing_docs)]

#[cfg(panic = "abort")]
compile_error!("a plugin must not end its host: remove `panic = \"abort\"` from the profile");

mod builder;
mod error;
mod host;
mod kernel;
mod node;
mod operations;
mod operator;
mod query;
mod tensors;

#[doc(hidden)]
pub mod manifest;

pub use builder::{Builder, Value};
pub use error::{Error, Result};
pub use kernel::{Costs, Kernel, KernelTable, Run};
pub use node::{Call, Level, Node};
pub use operations::Contraction;
pub use operator::{KernelsFor, Operator, OperatorTable};
pub use query::StaticPlugin;
pub use tenon_sys::attributes::{attr, Attr, AttrValue};
pub use tenon_sys::types::{Code, DType, Element, ElementMut, Type, BF16, DYNAMIC, F16, F8E4M3FN, F8E5M2, I1, I4, UI4};
pub use tensors::{Operand, Output};

#[doc(hidden)]
pub mod private {
    //! What the macros expand to.
    pub use crate::query::answer;
    pub use tenon_sys::{tenon_host_info, tenon_plugin_info};
}

/// Makes this crate a plugin. Once per shared library (`crate-type = ["cdylib"]`):
///
/// ```text
/// tenon_plugin::plugin! {
///     manifest: "../my.tenon.yaml",       // as for include_str!: seen from this source file
///     operators: [SquareplusGlu, Square],   // types that implement Operator
///     kernels_for: [FastRmsNorm],         // types that implement KernelsFor; may be left out
/// }
/// ```
///
/// The manifest's head must have `runtime: rust`; `ops:` must be its last key. For a plugin that is linked into a program see
/// [`static_plugin!`].
#[macro_export]
macro_rules! plugin {
    (manifest: $manifest:literal $(, operators: [$($operator:ty),* $(,)?])? $(, kernels_for: [$($kernels:ty),* $(,)?])? $(,)?) => {
        const _: () = {
            const MANIFEST: &str = ::core::include_str!($manifest);
            $crate::static_plugin! { static PLUGIN, text: MANIFEST $(, operators: [$($operator),*])? $(, kernels_for: [$($kernels),*])? }

            #[no_mangle]
            #[allow(unused_unsafe)]
            unsafe extern "C" fn tenon_plugin_query_v1(
                host: *const $crate::private::tenon_host_info,
                out: *mut $crate::private::tenon_plugin_info,
            ) -> i32 {
                unsafe { $crate::private::answer(&PLUGIN, true, host, out) }
            }

            #[used]
            #[link_section = ".note.tenon"]
            #[allow(unknown_lints, long_running_const_eval)]
            static NOTE: $crate::manifest::Note<{ $crate::manifest::note_length(MANIFEST) }> = $crate::manifest::note(MANIFEST);
        };
    };
}

/// A plugin that is linked into a program: `static_plugin! { pub static MINE, manifest: "mine.tenon.yaml", operators: [Square] }` defines a
/// [`StaticPlugin`], whose `query` and `manifest` the program hands to its context.
#[macro_export]
macro_rules! static_plugin {
    ($visible:vis static $name:ident, manifest: $manifest:literal $($rest:tt)*) => {
        $crate::static_plugin! { $visible static $name, text: ::core::include_str!($manifest) $($rest)* }
    };
    ($visible:vis static $name:ident, text: $manifest:expr
     $(, operators: [$($operator:ty),* $(,)?])? $(, kernels_for: [$($kernels:ty),* $(,)?])? $(,)?) => {
        $visible static $name: $crate::StaticPlugin = {
            const TEXT: &str = $manifest;
            const _: () = $crate::manifest::check(TEXT);
            #[allow(unused_unsafe)]
            unsafe extern "C" fn query(
                host: *const $crate::private::tenon_host_info,
                out: *mut $crate::private::tenon_plugin_info,
            ) -> i32 {
                unsafe { $crate::private::answer(&$name, false, host, out) }
            }
            $crate::StaticPlugin {
                query,
                manifest: TEXT,
                name: $crate::manifest::name(TEXT),
                version: $crate::manifest::version(TEXT),
                operators: &[
                    $($(&$crate::OperatorTable::of::<$operator>(),)*)?
                    $($(&$crate::OperatorTable::kernels_for::<$kernels>(),)*)?
                ],
            }
        };
    };
}
