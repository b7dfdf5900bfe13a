//! Errors of a plugin's functions.
use crate::host::host;
use std::fmt;
use tenon_sys::types::Code;
use tenon_sys::{tenon_call, TENON_OK};

/// What the functions of an operator return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a function failed, or why a kernel declines: a code, what was expected and what came, and what to do.
#[derive(Clone, Debug)]
pub struct Error {
    code: Code,
    message: String,
    advice: String,
    reported: bool,
}

impl Error {
    /// An error with a message: what was expected and what came.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error { code, message: message.into(), advice: String::new(), reported: false }
    }
    /// A kernel's or `lower_as`'s reason not to take a node, which `tenon explain` shows.
    pub fn decline(reason: impl Into<String>) -> Error {
        Error::new(Code::UNIMPLEMENTED, reason)
    }
    /// With one sentence that someone can act on.
    pub fn advise(mut self, advice: impl Into<String>) -> Error {
        self.advice = advice.into();
        self
    }
    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// To the host; returns the code. An error that the host itself raised is known there already.
    pub(crate) fn report(&self, call: *mut tenon_call) -> i32 {
        if !self.reported {
            if let Some(set) = host().error_set {
                let (text, advice) = (&self.message, &self.advice);
                // SAFETY: `call` is the host's, valid until the callback returns; the host copies the texts.
                unsafe { set(call, self.code.0, text.as_ptr().cast(), text.len(), advice.as_ptr().cast(), advice.len()) };
            }
        }
        if self.code.0 == TENON_OK {
            Code::UNKNOWN.0
        } else {
            self.code.0
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if self.advice.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.advice)
        }
    }
}
impl std::error::Error for Error {}

/// What a function of the host returned.
pub(crate) fn check(code: i32) -> Result<()> {
    if code == TENON_OK {
        return Ok(());
    }
    Err(Error { reported: true, ..Error::new(Code(code), "the host refused a call") })
}
