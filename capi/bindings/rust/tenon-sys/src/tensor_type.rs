//! Tensor types.
use crate::base::tenon_type_view;
use crate::types::{DType, DYNAMIC};
use std::fmt;

/// A tensor type: element type and sizes, [`DYNAMIC`] where one is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// The element type.
    pub dtype: DType,
    /// The sizes.
    pub dims: Vec<i64>,
}

impl Type {
    /// A type of these sizes; none for a scalar.
    pub fn new(dtype: DType, dims: &[i64]) -> Type {
        Type { dtype, dims: dims.to_vec() }
    }
    /// How many dimensions there are.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }
    /// Whether every size is known.
    pub fn is_static(&self) -> bool {
        !self.dims.contains(&DYNAMIC)
    }
    /// How many elements there are. The type must be static, as all are in a kernel's `plan`.
    pub fn elements(&self) -> usize {
        assert!(self.is_static(), "{self} has a size that is not known yet");
        self.dims.iter().map(|&size| size as usize).product()
    }

    /// As C reads it: points into this type.
    pub fn view(&self) -> tenon_type_view {
        tenon_type_view { dims: self.dims.as_ptr(), rank: self.dims.len() as i32, dtype: self.dtype.0 }
    }
    /// The type that C says.
    ///
    /// # Safety
    /// `dims` has `rank` entries.
    pub unsafe fn of(view: &tenon_type_view) -> Type {
        let dims = if view.rank > 0 { std::slice::from_raw_parts(view.dims, view.rank as usize).to_vec() } else { Vec::new() };
        Type { dtype: DType(view.dtype), dims }
    }
}

impl fmt::Display for Type {
    /// `f32[4, ?]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.dims.iter().map(|&size| if size == DYNAMIC { "?".into() } else { size.to_string() }).collect();
        write!(f, "{}[{}]", self.dtype, sizes.join(", "))
    }
}
