//! Lowering: a graph as StableHLO for a target.
use crate::context::Context;
use crate::error::Result;
use crate::graph::Graph;
use crate::params::Params;
use crate::raw::{data, lent_text, make, text};
use std::ptr::NonNull;
use tenon_sys::*;

/// What a consumer of StableHLO takes: `"stablehlo"`, `"xla"`, `"iree"`, `"litert"`, .. or a profile of one's own.
#[derive(Debug)]
pub struct Target {
    raw: NonNull<tenon_target>,
    _context: Context,
}

/// A lowered graph.
#[derive(Debug)]
pub struct Module {
    raw: NonNull<tenon_module>,
    _params: Option<Params>,
    _context: Context,
}

// SAFETY: neither changes; their readers are `@threads any`.
unsafe impl Send for Target {}
unsafe impl Sync for Target {}
unsafe impl Send for Module {}
unsafe impl Sync for Module {}

impl Drop for Target {
    fn drop(&mut self) {
        // SAFETY: owned.
        unsafe { tenon_target_release(self.raw.as_ptr()) };
    }
}
impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: owned.
        unsafe { tenon_module_release(self.raw.as_ptr()) };
    }
}

impl Target {
    /// A built-in target, or the profile in a file whose name ends in `.yaml`.
    pub fn find(context: &Context, name: &str) -> Result<Target> {
        // SAFETY: the context is alive; the name is copied.
        let raw = make(|out, error| unsafe { tenon_target_find(context.raw(), data(name), name.len(), out, error) })?;
        Ok(Target { raw, _context: context.clone() })
    }
    /// The profile's text: for a profile of one's own, change a copy of it.
    pub fn yaml(&self) -> &str {
        // SAFETY: lent by the target.
        unsafe { lent_text(|length| tenon_target_get_yaml(self.raw.as_ptr(), length)) }
    }
}

impl Graph {
    /// The graph as StableHLO for a target, verified. `params`: for targets that keep parameters as constants.
    pub fn lower(&self, target: &Target, params: Option<&Params>) -> Result<Module> {
        let options =
            tenon_lower_options { params: params.map_or(std::ptr::null(), |params| params.raw() as *const _), ..tenon_lower_options::INIT };
        // SAFETY: all are alive.
        let raw = make(|out, error| unsafe { tenon_graph_lower(self.raw(), target.raw.as_ptr(), &options, out, error) })?;
        Ok(Module { raw, _params: params.cloned(), _context: self.context().clone() })
    }
}

impl Module {
    /// StableHLO text. Equal modules give equal bytes.
    pub fn text(&self) -> Result<String> {
        // SAFETY: the module is alive.
        text(|out, error| unsafe { tenon_module_print(self.raw.as_ptr(), out, error) })
    }
    /// What became of each operator, and why, as JSON.
    pub fn decisions(&self) -> Result<String> {
        // SAFETY: the module is alive.
        text(|out, error| unsafe { tenon_module_decisions_json(self.raw.as_ptr(), out, error) })
    }
}
