//! What a kernel's `run` reads and writes, and how it goes over it with the host's threads.
use crate::error::{Error, Result};
use crate::host::{api, without_panic};
use crate::node::Call;
use std::marker::PhantomData;
use std::ops::Range;
use std::os::raw::c_void;
use std::sync::Mutex;
use tenon_sys::types::{Code, DType, Element, ElementMut};
use tenon_sys::*;

macro_rules! tensor {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name<'a> {
            view: tenon_tensor_view,
            life: PhantomData<&'a ()>,
        }

        // SAFETY: a view of memory that is the run's until it ends; writing takes &mut.
        unsafe impl Send for $name<'_> {}
        unsafe impl Sync for $name<'_> {}

        impl $name<'_> {
            /// The element type; [`DType::INVALID`] if it is absent.
            pub fn dtype(&self) -> DType {
                DType(self.view.dtype)
            }
            /// The sizes.
            pub fn dims(&self) -> &[i64] {
                // SAFETY: dims has `rank` entries.
                unsafe { list(self.view.dims, self.view.rank) }
            }
            /// Elements from one position to the next, per dimension.
            pub fn strides(&self) -> &[i64] {
                // SAFETY: strides has `rank` entries, and is never NULL in run.
                unsafe { list(self.view.strides, self.view.rank) }
            }
            /// How many elements there are.
            pub fn elements(&self) -> usize {
                self.dims().iter().map(|&size| size as usize).product()
            }
            fn check(&self, dtype: DType) -> Result<usize> {
                if self.dtype() != dtype {
                    return Err(wrong("a kernel reads another dtype than it was given"));
                }
                let mut step = 1;
                for (&size, &stride) in self.dims().iter().zip(self.strides()).rev() {
                    if size > 1 && stride != step {
                        return Err(wrong("a kernel takes strided memory for compact"));
                    }
                    step *= size.max(1);
                }
                Ok(self.elements())
            }
        }
    };
}

tensor! {
    /// An operand of a run.
    Operand
}
tensor! {
    /// A result of a run.
    Output
}

impl Operand<'_> {
    /// Whether the node has this operand.
    pub fn is_present(&self) -> bool {
        self.dtype() != DType::INVALID
    }
    /// The elements, row-major. An error where the dtype is another, or the memory is not compact (`STRIDED`).
    pub fn as_slice<T: ElementMut>(&self) -> Result<&[T]> {
        let count = self.check(T::DTYPE)?;
        // SAFETY: so many elements of that type, aligned to them; the plan did not allow a result here, or is unsafe.
        Ok(if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(self.as_ptr(), count) } })
    }
    /// The element at position [0, .., 0].
    pub fn as_ptr<T: Element>(&self) -> *const T {
        self.view.data as *const T
    }
}

impl Output<'_> {
    /// The elements, row-major, to be written. An error where the dtype is another, or the memory is not compact (`STRIDED`).
    pub fn as_mut_slice<T: ElementMut>(&mut self) -> Result<&mut [T]> {
        let count = self.check(T::DTYPE)?;
        // SAFETY: so many elements of that type, aligned to them, this run's alone.
        Ok(if count == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr(), count) } })
    }
    /// The element at position [0, .., 0].
    pub fn as_mut_ptr<T: Element>(&mut self) -> *mut T {
        self.view.data as *mut T
    }
}

fn wrong(message: &str) -> Error {
    Error::new(Code::INTERNAL, message).advise("report it to the plugin's author")
}

unsafe fn list<'a>(data: *const i64, rank: i32) -> &'a [i64] {
    if rank <= 0 || data.is_null() {
        &[]
    } else {
        std::slice::from_raw_parts(data, rank as usize)
    }
}

// What the parts of one parallel_for share.
struct Parts<'f, F> {
    body: &'f F,
    panicked: Mutex<Option<String>>, // locked after a panic alone
}

unsafe extern "C" fn part<F: Fn(Range<usize>, usize) + Sync>(argument: *mut c_void, begin: usize, end: usize, slot: usize) {
    let parts = &*argument.cast::<Parts<'_, F>>();
    if let Err(text) = without_panic(|| (parts.body)(begin..end, slot)) {
        if let Ok(mut first) = parts.panicked.lock() {
            first.get_or_insert(text);
        }
    }
}

impl Call<'_> {
    /// Calls `body(part, slot)` over parts of `0..count` of at least `grain`, on this thread and the host's pool, and returns when all are
    /// done. `slot` is below [`Call::threads`], and no two parts have one slot at the same time.
    pub fn parallel_for<F: Fn(Range<usize>, usize) + Sync>(&self, count: usize, grain: usize, body: F) -> Result<()> {
        let mut parts = Parts { body: &body, panicked: Mutex::new(None) };
        let argument = &mut parts as *mut Parts<'_, F>;
        // SAFETY: the host returns when every part is done, so that `parts` outlives them.
        unsafe { api!(parallel_for(self.raw, count, grain, Some(part::<F>), argument.cast())) };
        match parts.panicked.into_inner() {
            Ok(None) => Ok(()),
            Ok(Some(text)) => Err(wrong(&text)),
            Err(_) => Err(wrong("the plugin panicked in parallel_for")),
        }
    }

    /// The same over rows of `row` elements of a result: `body(first, rows)` gets some of them, from row `first` on.
    pub fn parallel_rows<T, F>(&self, result: &mut [T], row: usize, grain: usize, body: F) -> Result<()>
    where
        T: ElementMut,
        F: Fn(usize, &mut [T]) + Sync,
    {
        struct Start<T>(*mut T);
        // SAFETY: every part takes rows of its own from here.
        unsafe impl<T> Sync for Start<T> {}
        impl<T> Start<T> {
            fn get(&self) -> *mut T {
                self.0
            }
        }
        if row == 0 {
            return Ok(());
        }
        let start = Start(result.as_mut_ptr());
        self.parallel_for(result.len() / row, grain, |part, _slot| {
            // SAFETY: the parts of parallel_for are disjoint and lie in 0..count.
            let rows = unsafe { std::slice::from_raw_parts_mut(start.get().add(part.start * row), part.len() * row) };
            body(part.start, rows);
        })
    }
}
