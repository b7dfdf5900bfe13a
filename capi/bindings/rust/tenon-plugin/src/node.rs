//! One use of an operator: what `infer`, `supports` and `plan` read.
use crate::error::{check, Error, Result};
use crate::host::api;
use std::fmt;
use std::marker::PhantomData;
use tenon_sys::types::{Code, DType, Type};
use tenon_sys::*;

/// The frame of one callback: log, cancellation, the machine.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub(crate) raw: *mut tenon_call,
    life: PhantomData<&'a ()>,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something failed.
    Error = TENON_LOG_ERROR,
    /// Something is odd.
    Warning = TENON_LOG_WARNING,
    /// What a user may want to know.
    Info = TENON_LOG_INFO,
    /// What an author wants to know.
    Debug = TENON_LOG_DEBUG,
}

impl<'a> Call<'a> {
    /// # Safety
    /// `raw` is the host's, valid for `'a`.
    pub(crate) unsafe fn new(raw: *mut tenon_call) -> Call<'a> {
        Call { raw, life: PhantomData }
    }
    /// Writes a line of the log if the host listens at that level; the text is made only then. Not in `run`.
    pub fn log<T: AsRef<str>>(&self, level: Level, text: impl FnOnce() -> T) {
        // SAFETY: the call is valid for 'a; the host copies the text.
        unsafe {
            if api!(log_enabled(self.raw, level as i32)) != 0 {
                let text = text();
                let text = text.as_ref();
                api!(log(self.raw, level as i32, text.as_ptr().cast(), text.len()));
            }
        }
    }
    /// Whether the caller wants the run to end soon.
    pub fn cancelled(&self) -> bool {
        // SAFETY: the call is valid for 'a.
        unsafe { api!(cancelled(self.raw)) != 0 }
    }
    /// How many threads `parallel_for` may use, at least 1.
    pub fn threads(&self) -> usize {
        self.machine().map_or(1, |machine| machine.threads.max(1) as usize)
    }
    /// Sizes of the caches in bytes, of a core, of a core, shared; 0: unknown.
    pub fn caches(&self) -> [u64; 3] {
        self.machine().map_or([0; 3], |machine| [machine.l1d_bytes, machine.l2_bytes, machine.l3_bytes])
    }
    fn machine(&self) -> Option<tenon_machine> {
        let mut out = tenon_machine::INIT;
        // SAFETY: the call is valid for 'a, and `out` has its size in its header.
        (unsafe { api!(machine(self.raw, &mut out)) } == TENON_OK).then_some(out)
    }
}

/// One use of an operator: operand types, attributes, result types.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    call: Call<'a>,
    raw: *const tenon_node,
}

impl<'a> Node<'a> {
    /// # Safety
    /// Both are the host's, valid for `'a`.
    pub(crate) unsafe fn new(call: *mut tenon_call, raw: *const tenon_node) -> Node<'a> {
        Node { call: Call::new(call), raw }
    }
    /// The frame of this callback.
    pub fn call(&self) -> Call<'a> {
        self.call
    }
    /// The operator's name, `"rms_norm"`.
    pub fn operator(&self) -> &'a str {
        let mut length = 0;
        // SAFETY: the node is valid for 'a; names are UTF-8 and live as long.
        unsafe { text(api!(node_operator(self.raw, &mut length)), length) }
    }
    /// The user's name for this node.
    pub fn name(&self) -> &'a str {
        let mut length = 0;
        // SAFETY: as above.
        unsafe { text(api!(node_name(self.raw, &mut length)), length) }
    }
    /// How many operands there are, absent ones counted.
    pub fn operand_count(&self) -> usize {
        // SAFETY: the node is valid for 'a.
        unsafe { api!(node_operand_count(self.raw)) }
    }
    /// How many results there are, absent ones counted.
    pub fn result_count(&self) -> usize {
        // SAFETY: the node is valid for 'a.
        unsafe { api!(node_result_count(self.raw)) }
    }
    /// The type of an operand that may be absent.
    pub fn optional(&self, index: usize) -> Option<Type> {
        let mut view = tenon_type_view::INIT;
        // SAFETY: the node is valid for 'a, and the host fills in the view where it returns 1.
        unsafe { (api!(node_operand(self.raw, index, &mut view)) != 0).then(|| Type::of(&view)) }
    }
    /// The type of an operand that the manifest demands.
    pub fn operand(&self, index: usize) -> Result<Type> {
        self.optional(index).ok_or_else(|| self.error(Code::INTERNAL, format!("operand {index} is absent")))
    }
    /// The type of a result; known in `lower`, `supports` and `plan`.
    pub fn result(&self, index: usize) -> Option<Type> {
        let mut view = tenon_type_view::INIT;
        // SAFETY: as for operands.
        unsafe { (api!(node_result(self.raw, index, &mut view)) != 0).then(|| Type::of(&view)) }
    }
    /// In `infer`: the type of a result. A result that is not set is absent.
    pub fn set_result(&self, index: usize, of: &Type) -> Result<()> {
        // SAFETY: the call is valid for 'a; the host copies the type.
        check(unsafe { api!(infer_result(self.call.raw, index, &of.view())) })
    }

    /// Whether the attribute has a value, by the user or by default.
    pub fn has(&self, attribute: &str) -> bool {
        self.find(attribute).is_some()
    }
    /// A `bool` attribute.
    pub fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.attribute(name, TENON_ATTR_BOOL)?.i64 != 0)
    }
    /// An `int` attribute.
    pub fn integer(&self, name: &str) -> Result<i64> {
        Ok(self.attribute(name, TENON_ATTR_I64)?.i64)
    }
    /// An `f64` attribute.
    pub fn real(&self, name: &str) -> Result<f64> {
        Ok(self.attribute(name, TENON_ATTR_F64)?.f64)
    }
    /// A `dtype` attribute.
    pub fn dtype(&self, name: &str) -> Result<DType> {
        Ok(DType(self.attribute(name, TENON_ATTR_DTYPE)?.i64 as i32))
    }
    /// A `string` attribute.
    pub fn string(&self, name: &str) -> Result<&'a str> {
        let found = self.attribute(name, TENON_ATTR_STRING)?;
        // SAFETY: attribute contents are UTF-8 and live as long as the callback.
        Ok(unsafe { text(found.text, found.count) })
    }
    /// An `ints` attribute.
    pub fn integers(&self, name: &str) -> Result<&'a [i64]> {
        let found = self.attribute(name, TENON_ATTR_I64S)?;
        // SAFETY: attribute contents live as long as the callback.
        Ok(unsafe { list(found.i64s, found.count) })
    }
    /// A `floats` attribute.
    pub fn reals(&self, name: &str) -> Result<&'a [f64]> {
        let found = self.attribute(name, TENON_ATTR_F64S)?;
        // SAFETY: as above.
        Ok(unsafe { list(found.f64s, found.count) })
    }
    /// An axis of a tensor of that rank: an `int` attribute that may count from the end, as a number from 0.
    pub fn axis(&self, name: &str, rank: usize) -> Result<usize> {
        let (value, rank) = (self.integer(name)?, rank as i64);
        if value < -rank || value >= rank {
            let error = self.error(Code::OUT_OF_RANGE, format!("{name} {value} is out of range for rank {rank}"));
            return Err(if rank == 0 { error } else { error.advise(format!("use a value from {} to {}", -rank, rank - 1)) });
        }
        Ok((if value < 0 { value + rank } else { value }) as usize)
    }

    /// An error that names the operator.
    pub fn error(&self, code: Code, message: impl fmt::Display) -> Error {
        Error::new(code, format!("[{}] {message}", self.operator()))
    }

    fn find(&self, name: &str) -> Option<tenon_attr> {
        let mut out = tenon_attr::INIT;
        // SAFETY: the node is valid for 'a, and the host fills in `out` where it returns 1.
        let found = unsafe { api!(node_attr(self.raw, name.as_ptr().cast(), name.len(), &mut out)) } != 0;
        (found && out.kind != TENON_ATTR_NONE).then_some(out)
    }
    fn attribute(&self, name: &str, kind: i32) -> Result<tenon_attr> {
        self.find(name).filter(|found| found.kind == kind).ok_or_else(|| {
            self.error(Code::INTERNAL, format!("the plugin asks for attribute {name} in a type that the manifest does not give it"))
        })
    }
}

unsafe fn list<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, count)
    }
}
unsafe fn text<'a>(data: *const std::os::raw::c_char, length: usize) -> &'a str {
    std::str::from_utf8(list(data.cast::<u8>(), length)).unwrap_or("")
}
