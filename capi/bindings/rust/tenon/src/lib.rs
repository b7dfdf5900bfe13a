//! Tenon from Rust: graphs of framework operators are lowered to StableHLO text that XLA, IREE and LiteRT accept, and
//! run on the CPU with SIMD kernels, in this process.
//!
//! ```
//! use tenon::{Context, DType, Graph, Target, View, ViewMut};
//!
//! let context = Context::new()?;
//! let mut graph = Graph::new(&context, "norm")?;
//! let x = graph.input("x", DType::F32, &[2, 4])?;
//! let w = graph.input("w", DType::F32, &[4])?;
//! let y = graph.node("norm", "rms_norm").operands(&[x, w]).attr("epsilon", 1e-5).one()?;
//! graph.output("y", y)?;
//!
//! let module = graph.lower(&Target::find(&context, "iree")?, None)?; // StableHLO text ..
//! assert!(module.text()?.contains("stablehlo.reduce"));
//!
//! let program = graph.compile()?; // .. and a plan, to be run often, from any thread
//! let (x, w) = ([1.0f32, 2.0, 3.0, 4.0, -1.0, 0.0, 1.0, 0.0], [1.0f32, 1.0, 2.0, 0.5]);
//! let mut y = [0.0f32; 8];
//! program.run(&[View::new(&x, &[2, 4])?, View::new(&w, &[4])?], &mut [ViewMut::new(&mut y, &[2, 4])?])?;
//! assert!((y[0] - 0.365148).abs() < 1e-5);
//! # Ok::<(), tenon::Error>(())
//! ```
//!
//! # Errors
//!
//! What fails gives an [`Error`]: a code, what was expected and what came, the place, advice, the causes. After an error everything is as it
//! was, and usable. Nothing in this crate panics on wrong input.
//!
//! # Ownership and threads
//!
//! Objects keep what they need: a [`Program`] its [`Params`] and both the [`Context`], whatever is dropped first. `Send` and `Sync` are
//! those of the C library: a [`Program`] may be run from many threads at once, a [`Graph`] is changed through `&mut`.
//!
//! # Linking
//!
//! `tenon-sys` finds libtenon through `TENON_LIB_DIR` or `pkg-config`. At run time the loader must find `libtenon.so.1`: installed, or in
//! `LD_LIBRARY_PATH`.
#![deny(missing_docs)]

mod context;
mod dlpack;
mod error;
mod graph;
mod hooks;
mod lower;
mod params;
mod program;
mod raw;
mod reports;
mod tensor;
mod view;

pub use context::{Context, ContextOptions};
pub use dlpack::Dlpack;
pub use error::{Error, Place, Result};
pub use graph::{Graph, NodeBuilder, Unused, Value};
pub use hooks::{Allocator, Log, LogLevel, Task, ThreadPool};
pub use lower::{Module, Target};
pub use params::Params;
pub use program::{Input, Port, Program, ProgramOptions, RunOptions};
pub use reports::{Verdict, VerifyOptions};
pub use tenon_sys as sys;
pub use tenon_sys::attributes::{attr, Attr, AttrValue};
pub use tenon_sys::types::{Code, DType, Element, ElementMut, Type, BF16, DYNAMIC, F16, F8E4M3FN, F8E5M2, I1, I4, UI4};
pub use tensor::Tensor;
pub use view::{save_tensors, View, ViewMut};

/// The library's version, `"0.1.0"`.
pub fn version() -> &'static str {
    // SAFETY: NUL-terminated, and lives for the process.
    unsafe { raw::lent(sys::tenon_version()) }
}
