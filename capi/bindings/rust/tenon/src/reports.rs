//! What there is, as JSON (`configs/schema` in Tenon's sources), and the proof of kernels against lowerings.
use crate::context::Context;
use crate::error::Result;
use crate::graph::Graph;
use crate::params::Params;
use crate::raw::{check, data, path, text};
use std::path::{Path, PathBuf};
use tenon_sys::*;

/// Reports.
impl Context {
    /// Every operator, or the one named: operands, results, attributes, dtypes, kernels, form per target.
    pub fn operators(&self, name: Option<&str>) -> Result<String> {
        let (name, length) = name.map_or((std::ptr::null(), 0), |name| (data(name), name.len()));
        // SAFETY: the context is alive, and texts are copied, here and below.
        text(|out, error| unsafe { tenon_operators_json(self.raw(), name, length, out, error) })
    }
    /// Every plugin found, with state, reason, advice, path, version, what it offers. Opens no library.
    pub fn plugins(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_plugins_json(self.raw(), out, error) })
    }
    /// Opens a plugin's library now.
    pub fn preload_plugin(&self, name: &str) -> Result<()> {
        check(|error| unsafe { tenon_plugin_preload(self.raw(), data(name), name.len(), error) })
    }
    /// Checks one manifest as the loader would, and its library where it lies beside it, without running any of its code.
    pub fn lint_plugin(&self, manifest: impl AsRef<Path>) -> Result<String> {
        let (name, length) = path(manifest.as_ref());
        text(|out, error| unsafe { tenon_plugin_lint(self.raw(), name, length, out, error) })
    }
    /// The built-in target profiles, and what each does with each operator.
    pub fn targets(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_targets_json(self.raw(), out, error) })
    }
    /// What is in a file: graph, `.npy`, `.safetensors`, `.irpa`, manifest, plugin library.
    pub fn inspect(&self, file: impl AsRef<Path>) -> Result<String> {
        let (name, length) = path(file.as_ref());
        text(|out, error| unsafe { tenon_inspect_json(self.raw(), name, length, out, error) })
    }
    /// SIMD level in force, usable levels, threads, caches.
    pub fn machine(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_machine_json(self.raw(), out, error) })
    }
    /// An operator's cases, each kernel against the interpreted lowering.
    pub fn verify(&self, operator: &str, options: &VerifyOptions) -> Result<Verdict> {
        let mut failed = 0;
        let json = options.call(|options| {
            text(|out, error| unsafe {
                tenon_verify_operator_json(self.raw(), data(operator), operator.len(), options, out, &mut failed, error)
            })
        })?;
        Ok(Verdict { failed, json })
    }
}

impl Graph {
    /// The graph on inputs drawn from the seed: each kernel step against the interpreter on the same inputs.
    pub fn verify(&self, params: Option<&Params>, options: &VerifyOptions) -> Result<Verdict> {
        let mut failed = 0;
        let params = params.map_or(std::ptr::null(), |params| params.raw() as *const _);
        let json = options
            .call(|options| text(|out, error| unsafe { tenon_verify_graph_json(self.raw(), params, options, out, &mut failed, error) }))?;
        Ok(Verdict { failed, json })
    }
}

/// What is verified.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Only this dtype.
    pub dtype: Option<String>,
    /// What random values are drawn from.
    pub seed: u64,
    /// Cases drawn from the operator's schema, beside its own.
    pub random_cases: u32,
    /// Every case that must succeed is written below this folder, for other judges. Not for graphs.
    pub export_folder: Option<PathBuf>,
}

/// What verifying found.
#[derive(Clone, Debug)]
#[must_use]
pub struct Verdict {
    /// How many cases broke their bound.
    pub failed: u32,
    /// A row per case, with error and bound.
    pub json: String,
}

impl VerifyOptions {
    fn call<T>(&self, call: impl FnOnce(*const tenon_verify_options) -> T) -> T {
        let dtype = self.dtype.as_deref().unwrap_or("");
        let (folder, folder_length) = self.export_folder.as_deref().map_or((std::ptr::null(), 0), path);
        let options = tenon_verify_options {
            dtype: if dtype.is_empty() { std::ptr::null() } else { data(dtype) },
            dtype_length: dtype.len(),
            seed: self.seed,
            random_cases: self.random_cases,
            export_folder: folder,
            export_folder_length: folder_length,
            ..tenon_verify_options::INIT
        };
        call(&options)
    }
}
