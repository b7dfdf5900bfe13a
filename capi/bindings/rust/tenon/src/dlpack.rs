//! DLPack: tensors from and to other libraries.
use crate::context::Context;
use crate::error::{Error, Result};
use std::ptr::{null_mut, NonNull};
use tenon_sys::types::{Code, DType, ElementMut};
use tenon_sys::*;

/// A tensor in DLPack's form, from [`Tensor::into_dlpack`](crate::Tensor::into_dlpack). Dropped, it calls its deleter.
#[derive(Debug)]
pub struct Dlpack {
    raw: NonNull<DLManagedTensorVersioned>,
    _context: Context,
}

// SAFETY: the memory is its own, as the tensor's that it was.
unsafe impl Send for Dlpack {}

impl Dlpack {
    pub(crate) fn of(raw: NonNull<DLManagedTensorVersioned>, context: Context) -> Dlpack {
        Dlpack { raw, _context: context }
    }
    /// The struct, for a consumer that copies or borrows.
    pub fn as_ptr(&self) -> *const DLManagedTensorVersioned {
        self.raw.as_ptr()
    }
    /// The struct, for a consumer that takes it: who has it must call its `deleter` once, before the last clone of the context is dropped.
    pub fn into_raw(self) -> *mut DLManagedTensorVersioned {
        let raw = self.raw.as_ptr();
        // SAFETY: the context is moved out, and no destructor runs for the rest.
        let this = std::mem::ManuallyDrop::new(self);
        drop(unsafe { std::ptr::read(&this._context) });
        raw
    }
}

impl Drop for Dlpack {
    fn drop(&mut self) {
        // SAFETY: owned, and deleted once.
        unsafe {
            if let Some(delete) = self.raw.as_ref().deleter {
                delete(self.raw.as_ptr());
            }
        }
    }
}

// What a DLPack tensor of a Vec's memory holds.
struct Holder<T> {
    managed: DLManagedTensorVersioned,
    dims: Vec<i64>,
    elements: Vec<T>,
}

unsafe extern "C" fn drop_holder<T>(managed: *mut DLManagedTensorVersioned) {
    drop(Box::from_raw((*managed).manager_ctx.cast::<Holder<T>>()));
}

/// The memory of a Vec as DLPack; the sizes fit it.
pub(crate) fn of_vec<T: ElementMut>(elements: Vec<T>, dims: &[i64]) -> Result<*mut DLManagedTensorVersioned> {
    let code = match T::DTYPE {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 0,
        DType::UI8 | DType::UI16 | DType::UI32 | DType::UI64 => 1,
        DType::F16 | DType::F32 | DType::F64 => 2,
        DType::BF16 => 4,
        DType::I1 => 6,
        DType::F8E4M3FN => 10,
        DType::F8E5M2 => 12,
        other => return Err(Error::new(Code::UNIMPLEMENTED, format!("DLPack has no unpacked form of {other}"), "use Tensor::zeros")),
    };
    let bits = 8 * std::mem::size_of::<T>() as u8;
    let tensor = DLTensor {
        data: null_mut(),
        device: DLDevice { device_type: 1, device_id: 0 },
        ndim: dims.len() as i32,
        dtype: DLDataType { code, bits, lanes: 1 },
        shape: null_mut(),
        strides: null_mut(),
        byte_offset: 0,
    };
    let version = DLPackVersion { major: DLPACK_MAJOR_VERSION, minor: DLPACK_MINOR_VERSION };
    let managed =
        DLManagedTensorVersioned { version, manager_ctx: null_mut(), deleter: Some(drop_holder::<T>), flags: 0, dl_tensor: tensor };
    let holder = Box::into_raw(Box::new(Holder { managed, dims: dims.to_vec(), elements }));
    // SAFETY: made just now.
    unsafe {
        (*holder).managed.manager_ctx = holder.cast();
        (*holder).managed.dl_tensor.data = (*holder).elements.as_mut_ptr().cast();
        (*holder).managed.dl_tensor.shape = (*holder).dims.as_mut_ptr();
        Ok(std::ptr::addr_of_mut!((*holder).managed))
    }
}
