//! Parameter files.
use crate::context::Context;
use crate::error::Result;
use crate::raw::{check, lent_text, make, path};
use crate::view::View;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use tenon_sys::types::DType;
use tenon_sys::*;

/// A `.safetensors` or `.irpa` file, mapped. A clone is the same file; programs and modules that use it keep it.
#[derive(Clone, Debug)]
pub struct Params {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    raw: NonNull<tenon_params>,
    _context: Context,
}

// SAFETY: it does not change; its readers are `@threads any`.
unsafe impl Send for Inner {}
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: the programs and modules that use it hold a clone of the Arc.
        unsafe { tenon_params_destroy(self.raw.as_ptr()) };
    }
}

impl Params {
    /// Opens a file. It must not be cut or overwritten while it is open: it is mapped.
    pub fn open(context: &Context, file: impl AsRef<Path>) -> Result<Params> {
        let (name, length) = path(file.as_ref());
        // SAFETY: the context is alive; the path is copied.
        let raw = make(|out, error| unsafe { tenon_params_open(context.raw(), name, length, out, error) })?;
        Ok(Params { inner: Arc::new(Inner { raw, _context: context.clone() }) })
    }
    /// How many tensors there are.
    pub fn len(&self) -> usize {
        // SAFETY: the object is alive.
        unsafe { tenon_params_get_count(self.raw()) }
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Name and content of a tensor, in the order of the names. No content where the file does not say the type, or the type is none of
    /// [`DType`]'s.
    pub fn get(&self, index: usize) -> Result<(&str, Option<View<'_>>)> {
        let (mut name, mut length, mut view) = (std::ptr::null(), 0, tenon_tensor_view::INIT);
        // SAFETY: name and content are lent until the file is closed, which is after &self ends.
        unsafe {
            check(|error| tenon_params_get(self.raw(), index, &mut name, &mut length, &mut view, error))?;
            let name = lent_text(|out| {
                *out = length;
                name
            });
            Ok((name, (DType(view.dtype) != DType::INVALID).then(|| View::of(view))))
        }
    }
    pub(crate) fn raw(&self) -> *mut tenon_params {
        self.inner.raw.as_ptr()
    }
}
