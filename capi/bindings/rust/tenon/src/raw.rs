//! Calls of the C functions: errors, objects and texts that they hand out.
use crate::error::{Error, Result};
use std::ffi::CStr;
use std::os::raw::c_char;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null_mut, NonNull};
use tenon_sys::types::Code;
use tenon_sys::*;

/// A call that gives back a code and perhaps an error.
pub(crate) fn check(call: impl FnOnce(*mut *mut tenon_error) -> i32) -> Result<()> {
    let mut error = null_mut();
    let code = call(&mut error);
    if code == TENON_OK {
        return Ok(());
    }
    // SAFETY: what the library gave back, and nobody else has it.
    Err(unsafe { Error::take(code, error) })
}

/// A call that makes an object.
pub(crate) fn make<T>(call: impl FnOnce(*mut *mut T, *mut *mut tenon_error) -> i32) -> Result<NonNull<T>> {
    let mut out = null_mut();
    check(|error| call(&mut out, error))?;
    NonNull::new(out).ok_or_else(|| Error::new(Code::INTERNAL, "the library made nothing and said no error", ""))
}

/// A call that makes a text.
pub(crate) fn text(call: impl FnOnce(*mut *mut tenon_blob, *mut *mut tenon_error) -> i32) -> Result<String> {
    let blob = make(call)?;
    // SAFETY: the blob is ours, its text lent until the release.
    unsafe {
        let out = lent_text(|length| tenon_blob_get_data(blob.as_ptr(), length)).to_string();
        tenon_blob_release(blob.as_ptr());
        Ok(out)
    }
}

/// A text that the library lends.
///
/// # Safety
/// It is lent for `'a`.
pub(crate) unsafe fn lent_text<'a>(call: impl FnOnce(*mut usize) -> *const c_char) -> &'a str {
    let mut length = 0;
    let data = call(&mut length);
    if data.is_null() || length == 0 {
        return "";
    }
    std::str::from_utf8(std::slice::from_raw_parts(data.cast::<u8>(), length)).unwrap_or("(not UTF-8)")
}

/// # Safety
/// `data` is NUL-terminated and lent for `'a`.
pub(crate) unsafe fn lent<'a>(data: *const c_char) -> &'a str {
    if data.is_null() {
        ""
    } else {
        CStr::from_ptr(data).to_str().unwrap_or("(not UTF-8)")
    }
}

/// A text as C takes it.
pub(crate) fn data(text: &str) -> *const c_char {
    text.as_ptr().cast()
}

/// A path as C takes it.
pub(crate) fn path(path: &Path) -> (*const c_char, usize) {
    let bytes = path.as_os_str().as_bytes();
    (bytes.as_ptr().cast(), bytes.len())
}

/// A text with a NUL behind it.
pub(crate) fn terminated(text: &str, what: &str) -> Result<std::ffi::CString> {
    std::ffi::CString::new(text).map_err(|_| Error::new(Code::INVALID_ARGUMENT, format!("{what} {text:?} has a zero byte in it"), ""))
}
