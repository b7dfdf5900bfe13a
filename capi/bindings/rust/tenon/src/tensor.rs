//! Tensors: memory that the library owns or keeps.
use crate::context::Context;
use crate::dlpack::Dlpack;
use crate::error::{Error, Result};
use crate::raw::{check, make, path};
use crate::view::{View, ViewMut};
use std::path::Path;
use std::ptr::NonNull;
use tenon_sys::types::{Code, DType, Element, ElementMut};
use tenon_sys::*;

/// A tensor with memory of its own: zeroed, from a file, from a `Vec`, or from DLPack. Most programs run on [`View`]s of memory that they
/// have anyway.
#[derive(Debug)]
pub struct Tensor {
    raw: NonNull<tenon_tensor>,
    view: tenon_tensor_view, // lent by the tensor for its life
    context: Context,
}

// SAFETY: the memory is its own (from_dlpack is unsafe for that reason); what writes takes &mut.
unsafe impl Send for Tensor {}
unsafe impl Sync for Tensor {}

impl Drop for Tensor {
    fn drop(&mut self) {
        // SAFETY: owned.
        unsafe { tenon_tensor_destroy(self.raw.as_ptr()) };
    }
}

impl Tensor {
    /// Zeros, compact, aligned to 64 bytes.
    pub fn zeros(context: &Context, dtype: DType, dims: &[i64]) -> Result<Tensor> {
        let rank = i32::try_from(dims.len()).unwrap_or(i32::MAX);
        let of = tenon_type_view { dims: dims.as_ptr(), rank, dtype: dtype.0 };
        // SAFETY: the context is alive; the type is copied.
        Tensor::made(context, make(|out, error| unsafe { tenon_tensor_create(context.raw(), &of, out, error) }))
    }
    /// A `.npy` file, as its own dtype or, where the file cannot say it (`bf16`), as this one. Nothing is converted.
    pub fn load(context: &Context, file: impl AsRef<Path>, dtype: Option<DType>) -> Result<Tensor> {
        let (name, length) = path(file.as_ref());
        let dtype = dtype.unwrap_or(DType::INVALID).0;
        // SAFETY: as above.
        Tensor::made(context, make(|out, error| unsafe { tenon_tensor_load(context.raw(), name, length, dtype, out, error) }))
    }
    /// The memory of a `Vec`, without a copy: it is dropped with the tensor. Not for 4-bit integers.
    pub fn from_vec<T: ElementMut>(context: &Context, elements: Vec<T>, dims: &[i64]) -> Result<Tensor> {
        View::new(&elements, dims)?; // the check of the sizes
        let managed = crate::dlpack::of_vec(elements, dims)?;
        // SAFETY: made just now, with a deleter that drops the Vec.
        unsafe { Tensor::from_dlpack(context, managed) }
    }
    /// Takes a DLPack tensor without a copy. Its deleter is called when the tensor is dropped, and also when this fails.
    ///
    /// # Safety
    /// `managed` is a valid DLPack tensor, whose ownership moves here. Until its deleter is called nobody else writes its memory, and nobody
    /// else reads it while this tensor is written. The deleter may be called on any thread.
    pub unsafe fn from_dlpack(context: &Context, managed: *mut DLManagedTensorVersioned) -> Result<Tensor> {
        Tensor::made(context, make(|out, error| tenon_tensor_from_dlpack(context.raw(), managed, out, error)))
    }
    /// The same for DLPack before 1.0.
    ///
    /// # Safety
    /// As for [`Tensor::from_dlpack`].
    pub unsafe fn from_dlpack_legacy(context: &Context, managed: *mut DLManagedTensor) -> Result<Tensor> {
        Tensor::made(context, make(|out, error| tenon_tensor_from_dlpack_legacy(context.raw(), managed, out, error)))
    }
    /// Hands the tensor out as DLPack, without a copy.
    pub fn into_dlpack(self) -> Result<Dlpack> {
        // SAFETY: the tensor is alive; what is handed out keeps the memory when it is dropped at the end of this function.
        let raw = make(|out, error| unsafe { tenon_tensor_to_dlpack(self.raw.as_ptr(), out, error) })?;
        Ok(Dlpack::of(raw, self.context.clone()))
    }
    fn made(context: &Context, raw: Result<NonNull<tenon_tensor>>) -> Result<Tensor> {
        let mut tensor = Tensor { raw: raw?, view: tenon_tensor_view::INIT, context: context.clone() };
        // SAFETY: the tensor is alive.
        check(|error| unsafe { tenon_tensor_get_view(tensor.raw.as_ptr(), &mut tensor.view, error) })?;
        if tensor.is_compact() {
            tensor.view.strides = std::ptr::null(); // which means the same, and a run is quickest with it
        }
        Ok(tensor)
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        DType(self.view.dtype)
    }
    /// The sizes.
    pub fn dims(&self) -> &[i64] {
        self.view().dims()
    }
    /// The tensor, to be read.
    pub fn view(&self) -> View<'_> {
        View::of(self.view)
    }
    /// The tensor, to be written. An error if it came read-only from DLPack.
    pub fn view_mut(&mut self) -> Result<ViewMut<'_>> {
        if self.view.flags & TENON_TENSOR_READ_ONLY != 0 {
            return Err(Error::new(Code::FAILED_PRECONDITION, "the tensor is read-only", "copy it"));
        }
        Ok(ViewMut::of(self.view))
    }
    /// The elements, row-major. An error if the dtype is another, or the tensor came from DLPack strided or misaligned.
    pub fn as_slice<T: ElementMut>(&self) -> Result<&[T]> {
        let count = self.check::<T>()?;
        // SAFETY: so many elements, compact and aligned, and every bit pattern is one.
        Ok(if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(self.view.data as *const T, count) } })
    }
    /// The elements, row-major, to be written. Errors as for `as_slice` and `view_mut`.
    pub fn as_mut_slice<T: ElementMut>(&mut self) -> Result<&mut [T]> {
        let count = self.check::<T>()?;
        let data = self.view_mut()?.raw().data as *mut T;
        // SAFETY: as above, and &mut self.
        Ok(if count == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, count) } })
    }
    /// Draws values from a seed: floats N(0, 1), integers small, booleans even odds. Equal seeds give equal bytes on every machine. Only for
    /// tensors whose memory the library made.
    pub fn fill_random(&mut self, seed: u64) -> Result<()> {
        // SAFETY: &mut self.
        check(|error| unsafe { tenon_tensor_fill_random(self.raw.as_ptr(), seed, error) })
    }

    fn is_compact(&self) -> bool {
        let dims = self.dims();
        if self.view.strides.is_null() || dims.is_empty() || dims.contains(&0) {
            return true;
        }
        // SAFETY: strides has as many entries as dims.
        let strides = unsafe { std::slice::from_raw_parts(self.view.strides, dims.len()) };
        let mut step = 1;
        dims.iter().zip(strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == step;
            step *= size;
            fits
        })
    }
    fn check<T: Element>(&self) -> Result<usize> {
        let wrong = |message: String| Err(Error::new(Code::INVALID_ARGUMENT, message, ""));
        if self.dtype() != T::DTYPE {
            return wrong(format!("the tensor has dtype {}, not {}", self.dtype(), T::DTYPE));
        }
        let dims = self.dims();
        let count: i64 = dims.iter().product();
        if !self.is_compact() {
            return wrong(format!("the tensor is strided: sizes {dims:?}"));
        }
        if self.view.data as usize % std::mem::align_of::<T>() != 0 && count > 0 {
            return wrong(format!("the tensor's memory is not aligned for {}", T::DTYPE));
        }
        Ok(count as usize)
    }
}
