//! Views: tensors in memory of the program's.
use crate::error::{Error, Result};
use crate::raw::{check, path};
use std::marker::PhantomData;
use std::path::Path;
use tenon_sys::types::{Code, DType, Element, ElementMut};
use tenon_sys::*;

/// A tensor in memory that is borrowed: elements, sizes, strides.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct View<'a> {
    raw: tenon_tensor_view,
    life: PhantomData<&'a [u8]>,
}

/// A tensor in memory that is borrowed to be written.
#[derive(Debug)]
#[repr(transparent)]
pub struct ViewMut<'a> {
    raw: tenon_tensor_view,
    life: PhantomData<&'a mut [u8]>,
}

// SAFETY: they are a `&[T]` and a `&mut [T]` of plain numbers.
unsafe impl Send for View<'_> {}
unsafe impl Sync for View<'_> {}
unsafe impl Send for ViewMut<'_> {}
unsafe impl Sync for ViewMut<'_> {}

fn wrong(message: String) -> Error {
    Error::new(Code::INVALID_ARGUMENT, message, "")
}

fn elements(dims: &[i64]) -> Result<usize> {
    if dims.len() > TENON_MAX_RANK as usize {
        return Err(wrong(format!("rank {} is above {TENON_MAX_RANK}", dims.len())));
    }
    let mut count: Option<usize> = Some(1);
    for &size in dims {
        let size = usize::try_from(size).map_err(|_| wrong(format!("a tensor in memory has no size {size}: {dims:?}")))?;
        count = if size == 0 { Some(0) } else { count.and_then(|n| n.checked_mul(size)) };
        if count == Some(0) {
            // The other sizes must still be sizes.
            return if dims.iter().all(|&size| size >= 0) { Ok(0) } else { Err(wrong(format!("a negative size: {dims:?}"))) };
        }
    }
    count.ok_or_else(|| wrong(format!("too many elements: {dims:?}")))
}

/// Compact: as many elements as the sizes say.
fn compact(available: usize, dims: &[i64]) -> Result<()> {
    let needed = elements(dims)?;
    if needed == available {
        return Ok(());
    }
    Err(wrong(format!("the data has {available} elements, sizes {dims:?} need {needed}")))
}

/// Every element that the strides reach lies in `0..available`; with `distinct`, no two are the same.
fn strided(available: usize, offset: usize, dims: &[i64], strides: &[i64], distinct: bool) -> Result<()> {
    if strides.len() != dims.len() {
        return Err(wrong(format!("{} strides for {} sizes", strides.len(), dims.len())));
    }
    if elements(dims)? == 0 {
        return if offset <= available { Ok(()) } else { Err(wrong(format!("offset {offset} of {available} elements"))) };
    }
    let (mut low, mut high) = (offset as i128, offset as i128);
    for (&size, &stride) in dims.iter().zip(strides) {
        let reach = (size as i128 - 1) * stride as i128;
        if reach < 0 {
            low += reach
        } else {
            high += reach
        }
    }
    if low < 0 || high >= available as i128 {
        return Err(wrong(format!("strides {strides:?} with sizes {dims:?} reach from element {low} to {high}, the data has {available}")));
    }
    if distinct {
        // From the smallest stride on, each must step over all that the smaller ones reach.
        let mut steps: Vec<(u64, i64)> =
            dims.iter().zip(strides).filter(|(&size, _)| size > 1).map(|(&size, &stride)| (stride.unsigned_abs(), size)).collect();
        steps.sort_unstable();
        let mut reached: u128 = 0;
        for (stride, size) in steps {
            if stride as u128 <= reached {
                return Err(wrong(format!("strides {strides:?} with sizes {dims:?} may reach an element twice, so it cannot be written")));
            }
            reached += stride as u128 * (size as u128 - 1);
        }
    }
    Ok(())
}

fn raw(data: *const u8, dims: &[i64], strides: Option<&[i64]>, dtype: DType) -> tenon_tensor_view {
    tenon_tensor_view {
        data: data as *mut _,
        dims: dims.as_ptr(),
        strides: strides.map_or(std::ptr::null(), <[i64]>::as_ptr),
        rank: dims.len() as i32,
        dtype: dtype.0,
        ..tenon_tensor_view::INIT
    }
}

fn counted(dtype: DType, bytes: usize) -> Result<usize> {
    match dtype.size() {
        0 => Err(wrong(format!("dtype number {} is none", dtype.0))),
        size if bytes % size != 0 => Err(wrong(format!("{bytes} bytes are no whole number of elements of {dtype}"))),
        size => Ok(bytes / size),
    }
}

impl<'a> View<'a> {
    /// All of `data` as a row-major tensor of these sizes; `&[]` for a scalar.
    pub fn new<T: Element>(data: &'a [T], dims: &'a [i64]) -> Result<View<'a>> {
        compact(data.len(), dims)?;
        Ok(View::of(raw(data.as_ptr().cast(), dims, None, T::DTYPE)))
    }
    /// Some of `data`: element [0, .., 0] is `data[offset]`, and one position further in dimension d is `strides[d]` elements further.
    /// Strides may be zero or negative.
    pub fn with_strides<T: Element>(data: &'a [T], offset: usize, dims: &'a [i64], strides: &'a [i64]) -> Result<View<'a>> {
        strided(data.len(), offset, dims, strides, false)?;
        Ok(View::of(raw(data.as_ptr().wrapping_add(offset).cast(), dims, Some(strides), T::DTYPE)))
    }
    /// Bytes as a row-major tensor, in the machine's byte order. They need no alignment.
    pub fn from_bytes(dtype: DType, bytes: &'a [u8], dims: &'a [i64]) -> Result<View<'a>> {
        compact(counted(dtype, bytes.len())?, dims)?;
        Ok(View::of(raw(bytes.as_ptr(), dims, None, dtype)))
    }
    pub(crate) fn of(raw: tenon_tensor_view) -> View<'a> {
        // Nobody writes through a View, so it need not say that it is read-only; and a run is quickest where it says nothing.
        View { raw: tenon_tensor_view { flags: 0, ..raw }, life: PhantomData }
    }
    pub(crate) fn raw(&self) -> &tenon_tensor_view {
        &self.raw
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        DType(self.raw.dtype)
    }
    /// The sizes.
    pub fn dims(&self) -> &'a [i64] {
        // SAFETY: `rank` sizes, borrowed for 'a.
        if self.raw.rank == 0 {
            &[]
        } else {
            unsafe { std::slice::from_raw_parts(self.raw.dims, self.raw.rank as usize) }
        }
    }
    /// An element as a double, by row-major index: for reports.
    pub fn element(&self, index: usize) -> Result<f64> {
        let (index, mut out) = (i64::try_from(index).unwrap_or(i64::MAX), 0.0);
        // SAFETY: the view is valid.
        check(|error| unsafe { tenon_view_get_element(&self.raw, index, &mut out, error) })?;
        Ok(out)
    }
    /// Writes a `.npy` file, by a temporary file and a rename.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<()> {
        let (text, length) = path(file.as_ref());
        // SAFETY: the view is valid.
        check(|error| unsafe { tenon_view_save(&self.raw, text, length, error) })
    }
}

impl<'a> ViewMut<'a> {
    /// All of `data` as a row-major tensor of these sizes; `&[]` for a scalar.
    pub fn new<T: ElementMut>(data: &'a mut [T], dims: &'a [i64]) -> Result<ViewMut<'a>> {
        compact(data.len(), dims)?;
        Ok(ViewMut::of(raw(data.as_mut_ptr() as *const u8, dims, None, T::DTYPE)))
    }
    /// Some of `data`, as [`View::with_strides`]. No element may be reached twice.
    pub fn with_strides<T: ElementMut>(data: &'a mut [T], offset: usize, dims: &'a [i64], strides: &'a [i64]) -> Result<ViewMut<'a>> {
        strided(data.len(), offset, dims, strides, true)?;
        Ok(ViewMut::of(raw(data.as_mut_ptr().wrapping_add(offset) as *const u8, dims, Some(strides), T::DTYPE)))
    }
    /// Bytes as a row-major tensor, in the machine's byte order. They need no alignment.
    pub fn from_bytes(dtype: DType, bytes: &'a mut [u8], dims: &'a [i64]) -> Result<ViewMut<'a>> {
        compact(counted(dtype, bytes.len())?, dims)?;
        Ok(ViewMut::of(raw(bytes.as_mut_ptr() as *const u8, dims, None, dtype)))
    }
    pub(crate) fn of(raw: tenon_tensor_view) -> ViewMut<'a> {
        ViewMut { raw, life: PhantomData }
    }
    pub(crate) fn raw(&self) -> &tenon_tensor_view {
        &self.raw
    }
    /// The same memory, to be read.
    pub fn as_view(&self) -> View<'_> {
        View::of(self.raw)
    }
}

/// Writes named tensors to a `.safetensors` file.
pub fn save_tensors(file: impl AsRef<Path>, tensors: &[(&str, View<'_>)]) -> Result<()> {
    let names: Result<Vec<_>> = tensors.iter().map(|(name, _)| crate::raw::terminated(name, "the name")).collect();
    let names = names?;
    let pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    let views: Vec<_> = tensors.iter().map(|(_, view)| view.raw).collect();
    let (text, length) = path(file.as_ref());
    // SAFETY: views and names outlive the call.
    check(|error| unsafe { tenon_views_save(views.as_ptr(), pointers.as_ptr(), views.len(), text, length, error) })
}
