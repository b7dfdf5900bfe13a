//! What went wrong, where, and what to do about it.
use crate::raw::{lent, lent_text};
use std::fmt;
use std::ptr::NonNull;
use tenon_sys::types::Code;
use tenon_sys::*;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed.
///
/// `Display` gives one line, `CODE: message`. `Debug` gives the whole report, with place, advice and causes, so that `main() -> Result<..>`
/// and `unwrap` print what a person wants to read.
pub struct Error {
    inner: Inner,
    cause: Option<Box<Error>>,
}

enum Inner {
    Owned(NonNull<tenon_error>),
    /// A cause: lives as long as the error that it is the cause of, which alone lends it.
    Lent(NonNull<tenon_error>),
    /// Found by this crate, before the library was asked.
    Here {
        code: Code,
        message: String,
        advice: String,
    },
}

// SAFETY: an error does not change; its readers are `@threads any`, and its release is exclusive as Drop is.
unsafe impl Send for Error {}
unsafe impl Sync for Error {}

/// Where an error is. Texts are empty and numbers 0 where there is nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place<'a> {
    /// The file.
    pub file: &'a str,
    /// The line in the file, from 1.
    pub line: u32,
    /// The column in the line, from 1.
    pub column: u32,
    /// The node, by its name in the graph.
    pub node: &'a str,
    /// The operand, input or output.
    pub operand: &'a str,
    /// The plugin.
    pub plugin: &'a str,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>, advice: impl Into<String>) -> Error {
        Error { inner: Inner::Here { code, message: message.into(), advice: advice.into() }, cause: None }
    }
    /// # Safety
    /// `code` and `error` are what a function of the library gave back; the error is the caller's.
    pub(crate) unsafe fn take(code: i32, error: *mut tenon_error) -> Error {
        match NonNull::new(error) {
            Some(raw) => Error { inner: Inner::Owned(raw), cause: Error::cause_of(raw) },
            None => Error::new(Code(code), "the library said no more", ""),
        }
    }
    unsafe fn cause_of(raw: NonNull<tenon_error>) -> Option<Box<Error>> {
        let cause = NonNull::new(tenon_error_get_cause(raw.as_ptr()) as *mut tenon_error)?;
        Some(Box::new(Error { inner: Inner::Lent(cause), cause: Error::cause_of(cause) }))
    }
    fn raw(&self) -> Option<*const tenon_error> {
        match &self.inner {
            Inner::Owned(raw) | Inner::Lent(raw) => Some(raw.as_ptr()),
            Inner::Here { .. } => None,
        }
    }
    fn text(&self, field: i32) -> &str {
        match (&self.inner, field) {
            (Inner::Owned(raw) | Inner::Lent(raw), _) => {
                // SAFETY: lent until the error is released, which is after &self ends.
                unsafe { lent_text(|length| tenon_error_get_text(raw.as_ptr(), field, length)) }
            }
            (Inner::Here { message, .. }, TENON_ERROR_MESSAGE) => message,
            (Inner::Here { advice, .. }, TENON_ERROR_ADVICE) => advice,
            (Inner::Here { .. }, TENON_ERROR_DOMAIN) => "rust",
            _ => "",
        }
    }

    /// The code.
    pub fn code(&self) -> Code {
        match &self.inner {
            // SAFETY: the error lives as long as &self.
            Inner::Owned(raw) | Inner::Lent(raw) => Code(unsafe { tenon_error_get_code(raw.as_ptr()) }),
            Inner::Here { code, .. } => *code,
        }
    }
    /// What was expected and what came.
    pub fn message(&self) -> &str {
        self.text(TENON_ERROR_MESSAGE)
    }
    /// One sentence that someone can act on, or nothing.
    pub fn advice(&self) -> &str {
        self.text(TENON_ERROR_ADVICE)
    }
    /// Who found it: `"core"`, a plugin's name and version, or `"rust"` for this crate.
    pub fn domain(&self) -> &str {
        self.text(TENON_ERROR_DOMAIN)
    }
    /// Where it is.
    pub fn place(&self) -> Place<'_> {
        let (mut line, mut column) = (0, 0);
        if let Some(raw) = self.raw() {
            // SAFETY: the error lives as long as &self.
            unsafe { tenon_error_get_position(raw, &mut line, &mut column) };
        }
        Place {
            file: self.text(TENON_ERROR_FILE),
            line: line as u32,
            column: column as u32,
            node: self.text(TENON_ERROR_NODE),
            operand: self.text(TENON_ERROR_OPERAND),
            plugin: self.text(TENON_ERROR_PLUGIN),
        }
    }
    /// The error behind this one.
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_deref()
    }
    /// What else is known, by key.
    pub fn payload(&self) -> Vec<(&str, &str)> {
        let mut out = Vec::new();
        if let Some(raw) = self.raw() {
            let (mut key, mut value) = (std::ptr::null(), std::ptr::null());
            // SAFETY: NUL-terminated texts, lent until the error is released.
            unsafe {
                while tenon_error_get_payload(raw, out.len(), &mut key, &mut value) != 0 {
                    out.push((lent(key), lent(value)));
                }
            }
        }
        out
    }
    /// All of it as JSON, for logs; `{}` for an error of this crate's own.
    pub fn json(&self) -> &str {
        match self.raw() {
            // SAFETY: lent until the error is released.
            Some(raw) => unsafe { lent_text(|length| tenon_error_get_json(raw, length)) },
            None => "{}",
        }
    }
    /// All of it for a person: code and message, place, advice, causes.
    pub fn report(&self) -> String {
        match self.raw() {
            // SAFETY: lent until the error is released.
            Some(raw) => unsafe { lent_text(|length| tenon_error_get_report(raw, length)) }.to_string(),
            None if self.advice().is_empty() => format!("error: {self}"),
            None => format!("error: {self}\n  advice: {}", self.advice()),
        }
    }
}

impl Drop for Error {
    fn drop(&mut self) {
        self.cause = None;
        if let Inner::Owned(raw) = self.inner {
            // SAFETY: owned, and released once; what was lent went before.
            unsafe { tenon_error_release(raw.as_ptr()) };
        }
    }
}
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.report().trim_end())
    }
}
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
